// What `ferry pack --for` can make: an image for whatever runs containers, then what the platforms
// in cmake/FerryPlatforms.cmake that have a folder `package` are sent, in that order.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packaging/packaging.h"

namespace ferry::packaging {

std::span<const Packaging* const> all_packagings();
std::vector<std::string> packaging_names();
// Null when there is none of that name.
const Packaging* find_packaging(std::string_view name);

}  // namespace ferry::packaging
