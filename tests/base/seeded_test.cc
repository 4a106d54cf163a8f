#include "base/seeded.h"

#include <array>

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(SeededClock, IsTheSameForTheSameSeedAndOtherwiseDiffersInEveryUnit) {
  EXPECT_EQ(SeededClock(0).wall(), SeededClock(0).wall());
  const std::string one = to_rfc3339(SeededClock(0).wall());
  const std::string other = to_rfc3339(SeededClock(1).wall());
  // 2026-01-02T03:04:05.123Z: month and day, hour, minute, second, fraction.
  for (std::size_t at : {5u, 11u, 14u, 17u}) {
    EXPECT_NE(one.substr(at, 2), other.substr(at, 2)) << one << " " << other;
  }
  EXPECT_EQ(one.find('.'), std::string::npos) << one;
  EXPECT_NE(other.find('.'), std::string::npos) << other;
}

TEST(SeededClock, StandsStillButForSleep) {
  const SeededClock clock(0);
  const WallTime wall = clock.wall();
  const Monotonic before = clock.monotonic();
  EXPECT_EQ(clock.monotonic(), before);
  clock.sleep_until(before + std::chrono::seconds(2));
  EXPECT_EQ(clock.monotonic() - before, std::chrono::seconds(2));
  EXPECT_EQ(clock.wall() - wall, std::chrono::seconds(2));
}

TEST(SeededClock, HelpsALoopThatWaits) {
  const SeededClock clock(0);
  const Monotonic until = clock.monotonic() + std::chrono::milliseconds(1);
  std::uint64_t readings = 0;
  while (clock.monotonic() < until) {
    ASSERT_LT(++readings, 2 * SeededClock::kStillReadings);
  }
}

TEST(SeededRandom, IsTheSameForTheSameSeed) {
  std::array<std::uint8_t, 16> one{};
  std::array<std::uint8_t, 16> again{};
  std::array<std::uint8_t, 16> other{};
  SeededRandom(7).fill(one);
  SeededRandom(7).fill(again);
  SeededRandom(8).fill(other);
  EXPECT_EQ(one, again);
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace ferry
