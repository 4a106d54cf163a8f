// This process's own environment, where another program has left something for it alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ferry {

// The variable's value, which is taken out of the environment so that no child gets it; empty where
// it is not set. Only while the process has one thread.
std::string take_variable(const char* name);

// The same as a number without sign; nothing where it is none.
std::optional<std::uint64_t> take_number(const char* name);

}  // namespace ferry
