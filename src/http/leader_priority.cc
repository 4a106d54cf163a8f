#include "http/leader_priority.h"

#include <algorithm>
#include <climits>

#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace ferry::http {
namespace {

using std::chrono::nanoseconds;

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return nanoseconds(std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec)).count();
}

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) {
  static_assert(sizeof word == 4);
  return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, timeout, nullptr, 0);
}

void wait_for_change(std::atomic<std::uint32_t>& word, std::uint32_t seen, nanoseconds most) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(most);
  const timespec timeout{seconds.count(), (most - seconds).count()};
  futex(word, FUTEX_WAIT, seen, &timeout);
}

}  // namespace

int LeaderPriority::wait(std::span<epoll_event> events, int timeout_ms) {
  const auto take = [&](int patience) {
    return epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience);
  };
  int count = 0;
  if (others_.load(std::memory_order_relaxed) == 0) {
    waits_.store(true);
    count = take(timeout_ms);
  } else {
    // Nothing is taken while others believe that we wait: who is held up on the way out of the
    // kernel, and has taken what came, would seem to have been sent nothing.
    waits_.store(false);  // they do before our first wait
    count = take(0);
    if (count == 0 && timeout_ms != 0) {
      waits_.store(true);
      if (aside_.load() > 0) let_go();
      pollfd sent{epoll_, POLLIN, 0};
      poll(&sent, 1, timeout_ms);
      waits_.store(false);
      count = take(0);
    }
  }
  core_.store(sched_getcpu(), std::memory_order_relaxed);
  waits_.store(false, std::memory_order_relaxed);
  return count;
}

void LeaderPriority::let_go() {
  reserved_.store(0, std::memory_order_relaxed);
  done_.fetch_add(1);
  futex(done_, FUTEX_WAKE, INT_MAX, nullptr);
}

// A leader that waits and has been sent something may not have got a core to say so.
bool LeaderPriority::needs(int core) const {
  const int last = core_.load(std::memory_order_relaxed);
  if (last >= 0 && last != core) return false;
  if (!waits_.load()) return true;
  pollfd sent{epoll_, POLLIN, 0};
  return poll(&sent, 1, 0) > 0 || !waits_.load();  // it may just have taken what was sent
}

std::int64_t LeaderPriority::reserve_slice(std::int64_t now) {
  std::int64_t last = reserved_.load(std::memory_order_relaxed);
  std::int64_t mine = 0;
  do {
    mine = std::max(now, last + nanoseconds(kSlice).count()) + nanoseconds(kAside).count();
  } while (!reserved_.compare_exchange_weak(last, mine, std::memory_order_relaxed));
  return mine;
}

void LeaderPriority::stand_aside() {
  const int core = sched_getcpu();
  if (!needs(core)) return;
  // Before we look again: either the leader sees us, or we see that it waits.
  aside_.fetch_add(1);
  const std::uint32_t seen = done_.load();
  std::int64_t now = now_ns();
  const std::int64_t until = reserve_slice(now);
  while (now < until && needs(core)) {
    wait_for_change(done_, seen, nanoseconds(until - now));
    if (done_.load() != seen) break;
    now = now_ns();
  }
  aside_.fetch_sub(1);
}

}  // namespace ferry::http
