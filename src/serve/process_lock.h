// A lock of processes that share memory, and of which one may turn against the others: a worker in
// which code broke out of a function, against the supervisor that is outside the sandbox
// (host/sandbox.h). It is one word, the holder's process id; nothing that is read from the shared
// memory is taken for an address. A robust mutex of the C library has a list in there, and writes
// where that points.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <sys/types.h>

namespace ferry::serve {

// Lies in the shared memory; zero bytes are a free lock. Held by a process, and by one thread of
// it at a time. Whatever is written over it, a call ends in its time, with the lock or without.
class ProcessLock {
 public:
  bool try_take();
  bool take_within(std::chrono::milliseconds patience);
  void release();

  // A holder that dies does not release it: its parent does, once it has waited for it. Also
  // releases what no living process holds.
  void let_go(pid_t dead);

 private:
  // The holder, and kWaiters where some process sleeps until it is free.
  std::atomic<std::uint32_t> word_{0};
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);  // works between processes

// Takes it, and releases it in the end where it was taken.
class ProcessLockGuard {
 public:
  explicit ProcessLockGuard(ProcessLock& lock) : lock_(lock), held_(lock.try_take()) {}
  ProcessLockGuard(ProcessLock& lock, std::chrono::milliseconds patience)
      : lock_(lock), held_(lock.take_within(patience)) {}
  ~ProcessLockGuard() {
    if (held_) lock_.release();
  }
  ProcessLockGuard(const ProcessLockGuard&) = delete;
  ProcessLockGuard& operator=(const ProcessLockGuard&) = delete;
  bool held() const { return held_; }

 private:
  ProcessLock& lock_;
  const bool held_;
};

}  // namespace ferry::serve
