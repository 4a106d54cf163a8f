#include "base/seeded.h"

#include <algorithm>

namespace ferry {
namespace {

constexpr Nanoseconds kStep{1000};

}  // namespace

WallTime SeededClock::start_of(std::uint64_t seed) {
  using std::chrono::days;
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  using std::chrono::seconds;
  constexpr int kDay = 22'000;  // and five years: later than any start-up that a snapshot froze
  const auto other = days{37} + hours{5} + minutes{7} + seconds{11} + milliseconds{123};
  return WallTime(std::chrono::sys_days(days{kDay})) + hours{12} +
         other * static_cast<std::int64_t>(seed % 1000);
}

Nanoseconds SeededClock::advance() const {
  if (++readings_ > kStillReadings) {
    passed_ += kStep;
  }
  return passed_;
}

void SeededClock::sleep_until(Monotonic until) const {
  passed_ = std::max<Nanoseconds>(passed_, until.time_since_epoch());
}

void SeededRandom::fill(std::span<std::uint8_t> bytes) {
  for (std::uint8_t& byte : bytes) {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    byte = static_cast<std::uint8_t>((z ^ (z >> 31)) >> 24);
  }
}

}  // namespace ferry
