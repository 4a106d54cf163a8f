// Gives the loop's leader priority over threads that compute for long on the same core. The kernel
// would let such a thread run for milliseconds before the leader; so these threads check far more
// often by themselves (small_slices.h), and yield until the leader has nothing left to do.
//
// They do not starve: on a core that the leader never leaves, one of them gets a slice after each
// kAside, so that together they have about a fifth of it. Each knows when its slice is and sleeps
// until then: if all woke to see whose it is, many of them would use up the core by that.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

#include <sys/epoll.h>

namespace ferry::http {

class LeaderPriority {
 public:
  static constexpr std::chrono::microseconds kSlice{50};
  static constexpr std::chrono::microseconds kAside{200};

  // What the leader waits for; before there are threads.
  void waits_for(int epoll) { epoll_ = epoll; }

  // By the leader: epoll_wait(2), with the core to the others if nothing is there.
  int wait(std::span<epoll_event> events, int timeout_ms);

  // By any thread: there is one more that will yield, or one less.
  void join() { others_.fetch_add(1, std::memory_order_relaxed); }
  void leave() { others_.fetch_sub(1, std::memory_order_relaxed); }

  // By a thread without the lead: returns when the leader does not need this thread's core, or
  // when it is this thread's turn even so. Async-signal-safe.
  void stand_aside();

  // Whether the leader could use this core, as far as others can tell. Async-signal-safe.
  bool needs(int core) const;

 private:
  void let_go();
  // When the caller may go on, the leader being there or not; ns.
  std::int64_t reserve_slice(std::int64_t now);

  int epoll_ = -1;
  std::atomic<int> core_{-1};  // where the leader ran last
  std::atomic<bool> waits_{true};
  std::atomic<std::uint32_t> done_{0};  // a futex: how often others were let go
  std::atomic<std::uint32_t> others_{0};
  std::atomic<std::uint32_t> aside_{0};    // how many of them stand aside now
  std::atomic<std::int64_t> reserved_{0};  // the last slice that one of them was given; ns
};

}  // namespace ferry::http
