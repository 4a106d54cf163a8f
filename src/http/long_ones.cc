#include "http/long_ones.h"

#include <array>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

namespace ferry::http {
namespace {

// Whether it runs or would, rather than sleeps: proc(5), the state behind the name in brackets.
bool wants_core(pid_t tid) {
  const Fd file(::open(fmt::format("/proc/self/task/{}/stat", tid).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 64> start{};
  const ssize_t size = file.valid() ? ::read(file.get(), start.data(), start.size()) : 0;
  const std::string_view text(start.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return text.find(") R") != text.npos;
}

}  // namespace

std::chrono::nanoseconds cpu_time(pthread_t thread) {
  clockid_t clock{};
  timespec now{};
  if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &now) != 0) {
    return std::chrono::nanoseconds(0);
  }
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

void LongOnes::make_room(pthread_t thread) {
  const sched_param none{};
  // Where it is refused, as in some sandboxes, short events wait longer, and nothing is wrong.
  pthread_setschedparam(thread, SCHED_IDLE, &none);
}

void LongOnes::add(pthread_t thread, pid_t tid, std::chrono::nanoseconds used, bool computes) {
  if (computes) make_room(thread);
  ones_.push_back({thread, tid, used, computes});
}

void LongOnes::remove(pthread_t thread) {
  std::erase_if(ones_, [&](const One& one) { return pthread_equal(one.thread, thread) != 0; });
  if (ones_.empty()) owed_ = false;
}

void LongOnes::look() {
  if (ones_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  const auto spell = now - spell_began_;
  const bool judge = spell >= kSpell;
  if (judge) {
    spell_began_ = now;
    owed_ = false;
  }
  for (One& one : ones_) {
    const std::chrono::nanoseconds used = cpu_time(one.thread);
    if (!one.computes && used - one.used >= kLong) {
      make_room(one.thread);
      one.computes = true;
    }
    if (!judge || !one.computes) continue;
    // After a pause of the watch the spell may be a long one: such a judgement is a mild one.
    owed_ = owed_ || ((used - one.used) * kLeast < spell && wants_core(one.tid));
    one.used = used;
  }
}

}  // namespace ferry::http
