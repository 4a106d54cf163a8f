// poll_oneoff. Every descriptor is always ready (memory, files), so the call waits only where all
// subscriptions are to clocks, and then for the first of them, and never past the deadline.
#include <algorithm>

#include "wasi/functions.h"

namespace ferry::wasi {
namespace {

// A guest has at most one subscription a descriptor and a few timers.
constexpr u32 kMaxSubscriptions = 4096;
// Readable and writable is all there is to say; how much would tell a guest the length of its
// input before it reads it, and a snapshot taken there would hold it for good.
constexpr std::uint64_t kSomeBytes = 1;

struct Now {
  std::int64_t monotonic = 0;  // nanoseconds
  std::int64_t wall = 0;
};

Now now_of(const S& s) {
  return {std::chrono::duration_cast<Nanoseconds>(s.clock.monotonic().time_since_epoch()).count(),
          s.clock.wall().time_since_epoch().count()};
}

// The nanosecond on the monotonic clock at which it fires; the far future where it does not fit.
std::int64_t target_of(const GuestSubscription& sub, const Now& now) {
  u64 wait = sub.timeout;
  if ((sub.flags & kClockAbstime) != 0) {
    u64 from = static_cast<u64>(sub.id == kClockRealtime ? now.wall : now.monotonic);
    wait = sub.timeout > from ? sub.timeout - from : 0;
  }
  u64 room = static_cast<u64>(INT64_MAX - now.monotonic);
  return now.monotonic + static_cast<std::int64_t>(std::min(wait, room));
}

Errno check_clock(const GuestSubscription& sub) {
  bool known = sub.id == kClockRealtime || sub.id == kClockMonotonic;
  return known && (sub.flags & ~kClockAbstime) == 0 ? Errno::kSuccess : Errno::kInval;
}

Errno check_fd(S& s, const GuestSubscription& sub) {
  bool reads = sub.tag == static_cast<std::uint8_t>(EventType::kFdRead);
  Entry* entry = nullptr;
  return need(s, sub.id, rights::kPollFdReadwrite | (reads ? rights::kFdRead : rights::kFdWrite),
              entry);
}

bool is_clock(const GuestSubscription& sub) {
  return sub.tag == static_cast<std::uint8_t>(EventType::kClock);
}

}  // namespace

Answer poll_oneoff(S& s, G g, u32 in, u32 out, u32 count, u32 result_at) {
  constexpr u32 kSize = sizeof(GuestSubscription);
  if (count == 0 || count > kMaxSubscriptions) return Errno::kInval;
  if (!g.has(in, u64{count} * kSize) || !g.has(out, u64{count} * sizeof(GuestEvent)) ||
      !g.has(result_at, 4)) {
    return Errno::kFault;
  }
  Now now = now_of(s);
  std::int64_t first = INT64_MAX;
  bool ready = false;
  for (u32 i = 0; i < count; ++i) {
    GuestSubscription sub;
    g.get(in + i * kSize, sub);
    if (sub.tag > static_cast<std::uint8_t>(EventType::kFdWrite)) return Errno::kInval;
    if (is_clock(sub) && check_clock(sub) == Errno::kSuccess) {
      first = std::min(first, target_of(sub, now));
    } else {
      ready = true;
    }
  }
  std::int64_t wake = ready ? now.monotonic : first;
  if (wake > now.monotonic) {
    Monotonic until{std::chrono::duration_cast<Monotonic::duration>(Nanoseconds(wake))};
    s.clock.sleep_until(std::min(until, s.setup.deadline));
    if (until >= s.setup.deadline) {
      s.stop = Stop::kDeadline;
      return Answer::end();
    }
  }
  u32 events = 0;
  for (u32 i = 0; i < count; ++i) {
    GuestSubscription sub;
    g.get(in + i * kSize, sub);
    GuestEvent event{.userdata = sub.userdata, .error = 0, .type = sub.tag};
    Errno error = is_clock(sub) ? check_clock(sub) : check_fd(s, sub);
    event.error = static_cast<std::uint16_t>(error);
    if (is_clock(sub) && error == Errno::kSuccess && target_of(sub, now) > wake) continue;
    if (!is_clock(sub) && error == Errno::kSuccess) event.bytes = kSomeBytes;
    g.put(out + events * static_cast<u32>(sizeof(GuestEvent)), event);
    ++events;
  }
  g.put(result_at, events);
  return Errno::kSuccess;
}

}  // namespace ferry::wasi
