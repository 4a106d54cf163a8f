// Writes the merged module.
#pragma once

#include "component/generated.h"
#include "component/plan.h"

namespace ferry::component {

// All sections but the custom ones that say where the module comes from.
Result<Bytes> merge(const Graph& graph, const Entry& entry, Plan& plan);

}  // namespace ferry::component
