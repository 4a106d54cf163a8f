// Functions of the merged module that no core module has: they allocate what the host's results
// need, run start functions, and let an event in.
#pragma once

#include <string>
#include <vector>

#include "component/plan.h"

namespace ferry::component {

struct Generated {
  std::uint32_t type = 0;  // of Plan::types
  Bytes body;
  std::string name;
};

// In the order of their indices, from Plan::generated on. Adds types to the plan.
struct GeneratedFunctions {
  std::vector<Generated> list;
  std::uint32_t entry = 0;             // what is exported as ferry:http or ferry:run
  std::optional<std::uint32_t> start;  // the start function, generated only where there are several
};
Result<GeneratedFunctions> generate(Plan& plan, const Entry& entry);

}  // namespace ferry::component
