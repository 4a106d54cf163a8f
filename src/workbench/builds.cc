#include "workbench/builds.h"

#include <algorithm>
#include <utility>

namespace ferry::workbench {

void BuildTimer::changed(Monotonic now, bool building) {
  if (!first_) first_ = now;
  last_ = now;
  rest_ = building ? kRest : kFirstRest;
  by_hand_ |= !building;
}

std::optional<Monotonic> BuildTimer::next() const {
  if (!first_) return std::nullopt;
  return std::min(last_ + rest_, *first_ + kMostWait);
}

bool BuildTimer::due(Monotonic now) {
  const auto at = next();
  if (!at || now < *at) return false;
  first_.reset();
  chained_ = std::exchange(by_hand_, false) ? 0 : chained_ + 1;
  if (chained_ < kMostChained) return true;
  warn_ |= chained_ == kMostChained;
  return false;
}

bool BuildTimer::take_chain_warning() { return std::exchange(warn_, false); }

}  // namespace ferry::workbench
