// Time and randomness that are the same each time they are made with the same seed: for everything
// that runs a function twice and compares (verify, pack, snapshots). Never for a guest that serves.
#pragma once

#include "base/clock.h"

namespace ferry {

// Each seed begins at another date, hour, minute, second and fraction. Sleeping takes no time: the
// clock jumps. Between sleeps it stands still, so that what a program measures is always zero; a
// program that waits in a loop for time to pass is helped along after kStillReadings readings.
// Not thread-safe: one for each invocation.
class SeededClock final : public Clock {
 public:
  static constexpr std::uint64_t kStillReadings = 10'000;

  explicit SeededClock(std::uint64_t seed) : start_(start_of(seed)) {}

  WallTime wall() const override { return start_ + advance(); }
  WallTime about() const override { return start_ + passed_; }
  Monotonic monotonic() const override { return Monotonic(advance()); }
  void sleep_until(Monotonic until) const override;

 private:
  static WallTime start_of(std::uint64_t seed);
  Nanoseconds advance() const;

  WallTime start_;
  mutable Nanoseconds passed_ = std::chrono::hours{24 * 365 * 5};  // past any start-up
  mutable std::uint64_t readings_ = 0;
};

// The clock of a host that compares: the machine's own, for the host itself, with the seed of the
// SeededClock and the SeededRandom that each guest gets. Thread-safe.
class SeededTime final : public Clock {
 public:
  explicit SeededTime(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t seed() const { return seed_; }

  WallTime wall() const override { return system_clock().wall(); }
  WallTime about() const override { return system_clock().about(); }
  Monotonic monotonic() const override { return system_clock().monotonic(); }
  void sleep_until(Monotonic until) const override { system_clock().sleep_until(until); }

 private:
  std::uint64_t seed_;
};

// splitmix64. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::uint64_t state_;
};

}  // namespace ferry
