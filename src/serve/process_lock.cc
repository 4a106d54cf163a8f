#include "serve/process_lock.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint32_t kWaiters = 1u << 31;  // above every process id

// The word is shared with other processes: without FUTEX_PRIVATE_FLAG.
void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) {
  syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0);
}

timespec timespec_of(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {seconds.count(), (time - seconds).count()};
}

}  // namespace

bool ProcessLock::try_take() {
  std::uint32_t free = 0;
  return word_.compare_exchange_strong(free, static_cast<std::uint32_t>(getpid()),
                                       std::memory_order_acquire);
}

bool ProcessLock::take_within(milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  while (!try_take()) {
    const auto left = until - steady_clock::now();
    if (left <= left.zero()) return false;
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (seen == 0) continue;
    if ((seen & kWaiters) == 0 && !word_.compare_exchange_strong(seen, seen | kWaiters)) continue;
    const timespec timeout = timespec_of(left);
    futex(word_, FUTEX_WAIT, seen | kWaiters, &timeout);
  }
  return true;
}

// All that wait are woken, and those that do not get it mark the word again.
void ProcessLock::release() {
  if ((word_.exchange(0, std::memory_order_release) & kWaiters) != 0) {
    futex(word_, FUTEX_WAKE, INT_MAX, nullptr);
  }
}

void ProcessLock::let_go(pid_t dead) {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  do {
    const auto holder = static_cast<pid_t>(seen & ~kWaiters);
    if (seen == 0) return;
    if (holder > 0 && holder != dead && (kill(holder, 0) == 0 || errno != ESRCH)) return;
  } while (!word_.compare_exchange_weak(seen, 0));
  futex(word_, FUTEX_WAKE, INT_MAX, nullptr);
}

}  // namespace ferry::serve
