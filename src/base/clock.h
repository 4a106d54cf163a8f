// Time and randomness come in through these, so that a test or a replay can decide them.
// The real ones are made in main and handed down; implementations are thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry {

using Nanoseconds = std::chrono::nanoseconds;
// Points on the monotonic clock; only differences mean anything.
using Monotonic = std::chrono::steady_clock::time_point;
// Points on the wall clock, UTC.
using WallTime = std::chrono::sys_time<Nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  // The same to some milliseconds, for less.
  virtual WallTime about() const { return wall(); }
  virtual Monotonic monotonic() const = 0;
  // Sleeps until then on the monotonic clock. A fake may return at once.
  virtual void sleep_until(Monotonic until) const = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

// The operating system's own; both are stateless and live as long as the program.
const Clock& system_clock();
Random& system_random();

// RFC 3339, UTC, "Z": "2026-11-22T13:04:05.123456789Z"; trailing zeros of the fraction are left
// out, and the point with them.
std::string to_rfc3339(WallTime time);
// Strict RFC 3339, section 5.6, any offset. A leap second reads as the second that follows.
Result<WallTime> from_rfc3339(std::string_view text);

}  // namespace ferry
