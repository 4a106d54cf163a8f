// The emulations that this program has: of the platforms in cmake/FerryPlatforms.cmake that have a
// folder here, in that order.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulators/emulator.h"

namespace ferry::platforms {

std::span<const Emulation* const> all_emulations();
std::vector<std::string> emulated_names();
// Null when there is none of that name.
const Emulation* find_emulation(std::string_view platform);

}  // namespace ferry::platforms
