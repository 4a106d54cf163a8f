// Several measurements of the same thing, and what is said of them.
#pragma once

#include <string>
#include <vector>

namespace ferry::compare {

// Median and range. Nothing is thrown away: `values` has all, in the order they were taken.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
  std::vector<double> values;
};

// Zeros for no values. The median of an even number is the mean of the middle two.
Spread spread_of(std::vector<double> values);
double median_of(std::vector<double> values);

}  // namespace ferry::compare
