// Strings as a TOML file has them, for manifests that are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferry::function {

// A basic string with its quotes. It has JSON's escapes, and DEL must be escaped too
// (TOML 1.0, "String"). `text` must be UTF-8.
std::string toml_string(std::string_view text);

// A list of them on one line.
std::string toml_list(const std::vector<std::string>& items);

}  // namespace ferry::function
