#include "compare/stats.h"

#include <algorithm>
#include <utility>

namespace ferry::compare {

double median_of(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Spread spread_of(std::vector<double> values) {
  Spread out;
  if (values.empty()) {
    return out;
  }
  out.median = median_of(values);
  const auto [low, high] = std::ranges::minmax_element(values);
  out.min = *low;
  out.max = *high;
  out.values = std::move(values);
  return out;
}

}  // namespace ferry::compare
