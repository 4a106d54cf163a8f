// The events that warm a function before its snapshot is taken ([function] warm, --warm), given to
// it as the host gives them.
#pragma once

#include <vector>

#include "base/result.h"
#include "function/function.h"
#include "snapshot/snapshot.h"

namespace ferry::builder {

// One for each file that the function's manifest names. They are given no folder, and whatever they
// dial is refused. The files are read now.
Result<std::vector<snapshot::WarmEvent>> warm_events(const function::Function& function);

}  // namespace ferry::builder
