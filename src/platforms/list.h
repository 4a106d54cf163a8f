// The platforms that this program has: those that cmake/FerryPlatforms.cmake lists, in its order.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/platform.h"

namespace ferry::platforms {

std::span<const Platform* const> all_platforms();
// Null when there is none of that name.
const Platform* find_platform(std::string_view name);
std::vector<std::string> platform_names();
// The platforms' own tables of ferry.toml.
function::Sections manifest_sections();

}  // namespace ferry::platforms
