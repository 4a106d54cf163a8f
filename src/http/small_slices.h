// Has a thread that computes for long look at short intervals, at a timer's signal, whether it
// should yield to the loop's leader (leader_priority.h). The kernel looks only at its ticks
// (4 ms apart at HZ=250) whether another thread should have the core. To an event that waits for
// it, that is an age.
//
// A thread that sleeps, in a guest's poll_oneoff, is woken by the signals for nothing: while it
// does they come ever more rarely.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>

#include <pthread.h>
#include <sys/types.h>

#include "http/leader_priority.h"

namespace ferry::http {

// CPU time of a thread; none, if it has ended.
std::chrono::nanoseconds cpu_time(pthread_t thread);

class SmallSlices {
 public:
  static constexpr std::chrono::microseconds kRarest{25'600};

  // By the thread that it is for. Without a timer (RLIMIT_SIGPENDING) start() does nothing.
  explicit SmallSlices(LeaderPriority& priority);
  // By any thread, once that one has ended.
  ~SmallSlices();
  SmallSlices(const SmallSlices&) = delete;
  SmallSlices& operator=(const SmallSlices&) = delete;

  void start();  // by any thread; the first look is at once
  void stop();   // by the thread itself

 private:
  static void on_signal(int signal, siginfo_t* info, void* context);
  void look();
  void set_timer(std::chrono::nanoseconds in) const;

  LeaderPriority& priority_;
  timer_t timer_{};
  bool has_timer_ = false;
  std::atomic<bool> on_{false};
  std::chrono::microseconds in_ = LeaderPriority::kSlice;
  long slept_ = 0;  // how often, when the signal came last
};

}  // namespace ferry::http
