// What a function was before it was lowered: for those who tell people about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "function/function.h"

namespace ferry::function {

struct LoweredFrom {
  std::string interface;           // what takes events: "wasi:http/incoming-handler@0.2.3"
  std::string wasi;                // "0.2", "0.3"
  std::uint32_t core_modules = 0;  // merged into one
  std::uint64_t size = 0;          // of the component, bytes
};

// None of what never was a component, and of a component that cannot be lowered.
std::optional<LoweredFrom> lowered_from(const Function& function);

}  // namespace ferry::function
