// Names of functions as their authors wrote them.
#pragma once

#include <string>
#include <string_view>

namespace ferry {

// Of C++ (Itanium ABI), of Rust's older scheme (the same, with a hash at the end, which is left
// out) and of its newer one ("v0", RFC 2603). Anything else, a damaged name too, comes back as it
// is. Never longer than a few kilobytes, whatever the name says.
std::string demangle(std::string_view symbol);

}  // namespace ferry
