// Where the tests' inputs are. The two folders are compiled into one file, so that the tests
// themselves compile to the same bytes in every clone and a compiler cache can have them.
#pragma once

#include <string>
#include <string_view>

namespace ferry {

// The path of a file in the source tree, and of one in the build tree, both absolute.
std::string in_sources(std::string_view path);
std::string in_build(std::string_view path);

}  // namespace ferry
