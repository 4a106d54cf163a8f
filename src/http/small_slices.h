// Keeps a thread that computes for long from keeping the loop's leader waiting for its core.
//
// The kernel looks only at its ticks (4 ms apart at HZ=250) whether another thread should have the
// core. To an event that waits for it, that is an age. So this thread looks far more often, at a
// timer's signal, and gives the core away (sched_yield(2)) where the leader could use it. Only
// then: to a thread of others that computes as well it would lose a whole tick each time.
//
// A thread that sleeps, in a guest's poll_oneoff, is woken by the signals for nothing: while it
// uses no CPU they come ever more rarely.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>

#include <pthread.h>
#include <sys/types.h>

namespace ferry::http {

// CPU time of a thread; none, if it has ended.
std::chrono::nanoseconds cpu_time(pthread_t thread);

// Whether the leader could use a core, as far as others can tell.
class LeaderWants {
 public:
  // By the leader, around its waits for events; core: where it runs, or -1 before a wait.
  void runs_on(int core) { core_.store(core, std::memory_order_relaxed); }
  // What it waits for (epoll(7)); before there are threads.
  void waits_for(int epoll) { epoll_ = epoll; }

  // Async-signal-safe.
  bool core(int core) const;

 private:
  std::atomic<int> core_{-1};
  int epoll_ = -1;
};

class SmallSlices {
 public:
  static constexpr std::chrono::microseconds kSlice{100};
  static constexpr std::chrono::microseconds kRarest{25'600};

  // By the thread that it is for. Without a timer (RLIMIT_SIGPENDING) start() does nothing.
  explicit SmallSlices(const LeaderWants& leader_wants);
  // By any thread, once that one has ended.
  ~SmallSlices();
  SmallSlices(const SmallSlices&) = delete;
  SmallSlices& operator=(const SmallSlices&) = delete;

  void start();  // by any thread
  void stop();   // by the thread itself

 private:
  static void on_signal(int signal, siginfo_t* info, void* context);
  void offer_the_core();
  void set_timer(std::chrono::microseconds in) const;

  const LeaderWants& leader_wants_;
  timer_t timer_{};
  bool has_timer_ = false;
  std::atomic<bool> on_{false};
  std::chrono::microseconds in_ = kSlice;
  std::chrono::nanoseconds used_{0};  // of CPU, when the signal came last
};

}  // namespace ferry::http
