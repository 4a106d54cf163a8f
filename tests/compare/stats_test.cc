// Medians, ranges, and figures as people read them.
#include "compare/stats.h"

#include <gtest/gtest.h>

#include "compare/metric.h"

namespace ferry::compare {
namespace {

TEST(StatsTest, MedianIsTheMiddleOrTheMeanOfTwo) {
  EXPECT_EQ(median_of({}), 0);
  EXPECT_EQ(median_of({7}), 7);
  EXPECT_EQ(median_of({9, 1, 5}), 5);
  EXPECT_EQ(median_of({1, 2, 4, 100}), 3);
}

TEST(StatsTest, SpreadKeepsEveryValueInItsOrder) {
  const Spread spread = spread_of({5, 1, 9});
  EXPECT_EQ(spread.median, 5);
  EXPECT_EQ(spread.min, 1);
  EXPECT_EQ(spread.max, 9);
  EXPECT_EQ(spread.values, (std::vector<double>{5, 1, 9}));
}

TEST(MetricTest, ValuesHaveThreeDigitsThatCount) {
  EXPECT_EQ(format_value(3.14159, Unit::kMicroseconds), "3.14 µs");
  EXPECT_EQ(format_value(31.4159, Unit::kMicroseconds), "31.4 µs");
  EXPECT_EQ(format_value(1500, Unit::kMicroseconds), "1.50 ms");
  EXPECT_EQ(format_value(2.5e6, Unit::kMicroseconds), "2.50 s");
  EXPECT_EQ(format_value(2048, Unit::kBytes), "2.00 KiB");
  EXPECT_EQ(format_value(18.5 * 1048576, Unit::kBytes), "18.5 MiB");
  EXPECT_EQ(format_value(48'000, Unit::kPerSecond), "48.0k/s");
}

TEST(MetricTest, EachIsFoundByItsOwnNameOnly) {
  for (const Metric& metric : metrics()) {
    EXPECT_EQ(find_metric(metric.id), &metric);
  }
  EXPECT_EQ(find_metric("no such metric"), nullptr);
}

}  // namespace
}  // namespace ferry::compare
