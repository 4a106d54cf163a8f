// The table with a user's rows in it ([[lambda.event]] of the manifest).
#pragma once

#include <vector>

#include "platforms/lambda/settings.h"
#include "platforms/lambda/table.h"

namespace ferry::platforms::lambda {

// A row with a name of its own, or with a `when` of its own, is tried before ferry's; one that only
// changes a row of ferry's is in its place. The rows borrow from `settings`. kInvalid: a row
// of its own that does not say when it fits.
Result<std::vector<Row>> rows_of(const Settings& settings);

}  // namespace ferry::platforms::lambda
