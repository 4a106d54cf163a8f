// clock_*, random_get: what a guest draws from outside; both come in through interfaces.
#include <algorithm>

#include "wasi/functions.h"

namespace ferry::wasi {

Answer clock_res_get(S& s, G g, u32 id, u32 result_at) {
  if (id != kClockRealtime && id != kClockMonotonic) return Errno::kInval;
  s.drawn.clock = true;
  // Both interfaces count nanoseconds; the same answer on every machine.
  return g.put(result_at, std::uint64_t{1}) ? Errno::kSuccess : Errno::kFault;
}

Answer clock_time_get(S& s, G g, u32 id, u64 /*precision*/, u32 result_at) {
  std::uint64_t now = 0;
  if (id == kClockRealtime) {
    now = static_cast<std::uint64_t>(s.clock->wall().time_since_epoch().count());
  } else if (id == kClockMonotonic) {
    now = static_cast<std::uint64_t>(
        std::chrono::duration_cast<Nanoseconds>(s.clock->monotonic().time_since_epoch()).count());
  } else {
    return Errno::kInval;
  }
  s.drawn.clock = true;
  return g.put(result_at, now) ? Errno::kSuccess : Errno::kFault;
}

Answer random_get(S& s, G g, u32 buffer, u32 size) {
  if (!g.has(buffer, size)) return Errno::kFault;
  if (size == 0) return Errno::kSuccess;
  s.drawn.random = true;
  if (size <= 256) {  // a seed, mostly
    std::uint8_t seed[256];
    s.random->fill({seed, size});
    g.put_bytes(buffer, seed, size);
    return Errno::kSuccess;
  }
  std::uint8_t* room = bounce(s);
  while (size > 0) {
    u32 part = std::min<u32>(size, kBounceBytes);
    s.random->fill({room, part});
    g.put_bytes(buffer, room, part);
    buffer += part;
    size -= part;
    // Gigabytes take seconds, and the engine cannot end the guest while it is in here.
    if (size > 0 && s.setup.deadline != Monotonic::max() &&
        s.clock->monotonic() >= s.setup.deadline) {
      s.stop = Stop::kDeadline;
      return Answer::end();
    }
  }
  return Errno::kSuccess;
}

}  // namespace ferry::wasi
