// The store of compiled functions that this process uses.
#pragma once

#include "bundle/store.h"

namespace ferry::builder {

// This user's store; where that cannot be used, one that ends with the program, and a warning. To
// be called first where one process forks others.
bundle::Store& bundle_store();

// The same as a cache of lowered components; opened when it is first asked.
const function::LoweredCache& lowered_cache();

}  // namespace ferry::builder
