// ferry check --for PLATFORM: what stands against a function there.
#pragma once

#include <string>
#include <vector>

#include <boost/json.hpp>

#include "function/explain.h"
#include "platforms/platform.h"

namespace ferry::commands {

struct OnPlatform {
  const platforms::Platform* platform = nullptr;
  std::vector<function::Finding> findings;  // of the platform's own
  bool runs = false;
};

// Those that were asked for, in the order of the list of platforms; "all" is all of them. `runs`:
// it will run somewhere at all.
std::vector<OnPlatform> look_at_platforms(const function::Function& function, bool runs,
                                          const std::vector<std::string>& wanted);

void print_findings(const std::vector<function::Finding>& findings);
void print_platforms(const std::vector<OnPlatform>& platforms);
boost::json::array findings_json(const std::vector<function::Finding>& findings);
boost::json::array platforms_json(const std::vector<OnPlatform>& platforms);

}  // namespace ferry::commands
