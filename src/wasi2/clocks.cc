// wasi:clocks. Both clocks count nanoseconds; the same answer on every machine.
#include "wasi2/calls.h"
#include "wasi2/wait.h"
#include "wasi2/waitables.h"

namespace ferry::wasi2 {
namespace {

// datetime, of 16 bytes.
void put_datetime(S& s, u64 seconds, u32 nanoseconds) {
  s.results.put(0, seconds);
  s.results.put(8, nanoseconds);
}

// A point that does not fit in the clock's type never comes.
Monotonic instant(u64 nanoseconds) {
  return nanoseconds > static_cast<u64>(INT64_MAX)
             ? Monotonic::max()
             : Monotonic{std::chrono::duration_cast<Monotonic::duration>(
                   Nanoseconds(static_cast<std::int64_t>(nanoseconds)))};
}

Monotonic after(S& s, u64 duration) {
  const u64 now = monotonic_now(s);
  return instant(duration > UINT64_MAX - now ? UINT64_MAX : now + duration);
}

void wait(S& s, Monotonic until) {
  const Pollable pollable{.what = Pollable::Awaits::kTime, .at = until};
  wait_for(s, {&pollable, 1});
}

// What an asynchronous call answers: that it is over, or the subtask that will be.
u32 start_wait(S& s, Monotonic until) {
  const Pollable pollable{.what = Pollable::Awaits::kTime, .at = until};
  if (is_ready(s, pollable)) return static_cast<u32>(Subtask::State::kReturned);
  return static_cast<u32>(Subtask::State::kStarted) | add_subtask(s, pollable) << 4;
}

}  // namespace

u64 monotonic_clock_now(S& s, G /*g*/) { return monotonic_now(s); }

u64 monotonic_clock_resolution(S& s, G /*g*/) {
  s.p1.drawn.clock = true;
  return 1;
}

u32 subscribe_instant(S& s, G /*g*/, u64 when) {
  return make(s, Pollable{Pollable::Awaits::kTime, instant(when)});
}

u32 subscribe_duration(S& s, G /*g*/, u64 duration) {
  return make(s, Pollable{Pollable::Awaits::kTime, after(s, duration)});
}

void wait_until(S& s, G /*g*/, u64 when) { wait(s, instant(when)); }
u32 wait_until_async(S& s, G /*g*/, u64 when) { return start_wait(s, instant(when)); }
void wait_for_duration(S& s, G /*g*/, u64 duration) { wait(s, after(s, duration)); }
u32 wait_for_duration_async(S& s, G /*g*/, u64 duration) {
  return start_wait(s, after(s, duration));
}

void wall_clock_now(S& s, G g, u32 ret) {
  if (!begin(s, g, ret, 16, 8)) return;
  s.p1.drawn.clock = true;
  const auto now = static_cast<u64>(s.p1.clock->wall().time_since_epoch().count());
  put_datetime(s, now / kSecond, static_cast<u32>(now % kSecond));
}

void wall_clock_resolution(S& s, G g, u32 ret) {
  if (!begin(s, g, ret, 16, 8)) return;
  s.p1.drawn.clock = true;
  put_datetime(s, 0, 1);
}

}  // namespace ferry::wasi2
