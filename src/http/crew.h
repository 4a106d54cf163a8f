// The threads of one worker process. One of them leads: it runs the server's loop, and runs guests
// inline, so that a short guest costs no thread switch. A guest that runs long must not hold up
// the others: after kPatience the watch takes the lead from its thread and gives it to another
// one. The thread that was relieved finishes its guest at low priority, and ends.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include <pthread.h>

namespace ferry::http {

class Crew {
 public:
  static constexpr std::chrono::milliseconds kTick{2};
  // Ticks that the leader may spend inside one guest: between 2 and 4 ms.
  static constexpr int kPatience = 2;

  // `lead` runs the loop until the work is over (true) or leave() said that the lead is lost.
  explicit Crew(std::function<bool()> lead) : lead_(std::move(lead)) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Starts the first leader and keeps watch on the calling thread. Returns when the work is over
  // and every thread has ended.
  void run();

  // Around each guest, by the leader. leave() is false when the lead was taken meanwhile: then
  // nothing that belongs to the leader may be touched any more.
  using Ticket = std::uint64_t;
  Ticket enter() {
    Ticket ticket = turn_.load(std::memory_order_relaxed) + 1;
    turn_.store(ticket, std::memory_order_seq_cst);
    if (parked_.load(std::memory_order_seq_cst)) {
      unpark();
    }
    return ticket;
  }
  bool leave(Ticket ticket) {
    return turn_.compare_exchange_strong(ticket, ticket + 1, std::memory_order_acq_rel);
  }

 private:
  void spawn();
  static void* thread_main(void* self);
  void lead_or_wait();
  void watch();
  void relieve();
  void say_gone();
  void count_gone();
  void park(Ticket seen);
  void unpark();

  std::function<bool()> lead_;
  // Even: the leader is in its loop. Odd: in a guest, and the lead may be taken by adding one.
  // Never the same twice, so that a ticket of old can't be mistaken for a present one.
  std::atomic<Ticket> turn_{0};
  std::atomic<bool> parked_{false};  // the watch sleeps until a guest is entered
  std::atomic<int> leader_tid_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool lead_is_free_ = true;  // somebody should take the lead
  bool over_ = false;
  std::size_t standing_by_ = 0;
  std::size_t alive_ = 0;
  std::condition_variable changed_;  // over_ or alive_ changed
  std::vector<pthread_t> ended_;     // to be joined
  // Relieved threads that have ended since the watch looked last.
  struct Gone {
    pthread_t thread;
    Gone* next;
  };
  std::atomic<Gone*> gone_{nullptr};
};

}  // namespace ferry::http
