// A guest's sources for fuzz targets: a clock that moves when it is read or slept on, so that
// nothing waits, and bytes that count up.
#pragma once

#include "base/clock.h"

namespace ferry::wasi {

class QuickClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(Nanoseconds(now_)); }
  Monotonic monotonic() const override { return Monotonic(Nanoseconds(++now_)); }
  void sleep_until(Monotonic until) const override {
    now_ = Nanoseconds(until.time_since_epoch()).count();
  }

 private:
  mutable std::int64_t now_ = 1;
};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

}  // namespace ferry::wasi
