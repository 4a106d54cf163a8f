// The engines that this build has: what tests over every engine are instantiated with.
#pragma once

#include <string>
#include <vector>

#include "engine/loader.h"

namespace ferry::engine {

inline std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const Plugin& plugin : list_plugins()) names.push_back(plugin.name);
  return names;
}

}  // namespace ferry::engine
