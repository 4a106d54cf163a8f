// The threads of one worker process, by the leader/followers pattern. The leader runs the server's
// loop and runs guests inline, so that a short guest costs no thread switch. A guest that runs long
// must not delay the others: after kPatience the watchdog promotes a follower to leader. The thread
// that lost the lead finishes its guest in the CPU time that the leader leaves, and ends. A leader
// that expects its next guest to run long steps down before running it; one whose guest is about to
// wait, for the network or a timer, does so before the wait.
//
// Patience is measured in the leader's CPU time. A leader that another process keeps from its core
// would only be followed by one that is kept from it as well, and short guests that were relieved
// for nothing would share the core in slices.
//
// The lead is given up only to a thread that is there. Where none can be started, the leader keeps
// it through its guest, long or waiting: others wait for that guest, and are served after it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include <pthread.h>

#include "base/blocking.h"
#include "base/result.h"
#include "http/small_slices.h"

namespace ferry::http {

class LeaderFollowers {
 public:
  static constexpr std::chrono::milliseconds kTick{2};
  // CPU time that the leader may spend inside one guest, after the first tick that finds it there:
  // together between 1 and 3 ms.
  static constexpr std::chrono::milliseconds kPatience{1};
  // Ticks after which it loses the lead whatever it does: it may be held up by a disk.
  static constexpr int kMostTicks = 10;
  // CPU time after which a guest counts as a long one: one for which a thread of its own, and that
  // many of them share the core in slices, is a small matter.
  static constexpr std::chrono::milliseconds kLong{10};

  // `lead` runs the loop until the work is over (true) or leave() said that the lead is lost.
  // `on_no_thread` is called with an errno when a thread cannot be started, which is tried again.
  // `start` is pthread_create().
  using StartThread = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  LeaderFollowers(std::function<bool()> lead, std::function<void(int)> on_no_thread,
                  StartThread start = &pthread_create)
      : lead_(std::move(lead)), on_no_thread_(std::move(on_no_thread)), start_(start) {}
  LeaderPriority& priority() { return priority_; }
  LeaderFollowers(const LeaderFollowers&) = delete;
  LeaderFollowers& operator=(const LeaderFollowers&) = delete;

  // Starts the first leader and keeps watch on the calling thread. Returns when the work is over
  // and every thread has ended; an error at once where there is no thread for the first leader.
  Status run();

  // Around each guest, by the leader. leave() is false when another was promoted since: then
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

  // In place of enter() and leave(), before a guest that will run long: the lead is gone at once.
  // False where no thread could take it: then the guest is entered like any other.
  bool step_down();

  // By a thread that lost the lead, after its guest: whether that one computed for long.
  static bool end_long();

 private:
  // A thread of the set, from before it starts until it has been joined.
  struct Member final : BlockingObserver {
    explicit Member(LeaderFollowers& the_set) : leader_followers(the_set) {}
    void before_wait() override;
    void after_wait() override;

    LeaderFollowers& leader_followers;
    pthread_t thread{};
    std::optional<SmallSlices> slices{};  // made by the thread itself
    // Its CPU time when its guest began, if it lost the lead over that.
    std::atomic<std::chrono::nanoseconds> began{};
    bool waited = false;     // its guest gave up the lead in order to wait
    bool leads_on = false;   // it had nobody to give it to, and waits as the leader
    Member* next = nullptr;  // of those that are gone
  };

  int spawn();          // an errno, or 0
  bool has_follower();  // starts one where none stands by
  bool pass_before_wait(Member& member);
  static void* thread_main(void* member);
  void lead_or_wait(Member& member);
  void watch();
  void pass_the_lead();
  void say_gone(Member& member);
  bool stand_by_again(Member& member);
  void join_ended();
  void park(Ticket seen);
  void unpark();

  static thread_local Member* this_thread_;

  std::function<bool()> lead_;
  std::function<void(int)> on_no_thread_;
  StartThread start_;
  LeaderPriority priority_;
  // Even: the leader is in its loop. Odd: in a guest, and the lead may be taken by adding one.
  // Never the same twice, so that a ticket of old can't be mistaken for a present one.
  std::atomic<Ticket> turn_{0};
  std::atomic<bool> parked_{false};       // the watch sleeps until a guest is entered
  std::atomic<Member*> leader_{nullptr};  // who took the lead last

  std::mutex mutex_;
  std::condition_variable wake_;
  bool lead_is_free_ = true;  // somebody should take the lead
  bool over_ = false;
  std::size_t standing_by_ = 0;
  std::size_t alive_ = 0;
  std::condition_variable changed_;  // over_ or alive_ changed
  std::vector<Member*> ended_;       // to be joined
  // Threads without the lead that have ended since the watch looked last.
  std::atomic<Member*> gone_{nullptr};
};

}  // namespace ferry::http
