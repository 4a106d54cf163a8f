// The two ways in which a component is turned away, as errors. Private to src/component.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/result.h"

namespace ferry::component {

// It breaks a rule of the component model.
inline Error invalid(std::string message) { return {Code::kInvalid, std::move(message), ""}; }

// It may be right, but cannot be lowered; `hint` says what the user can do.
inline Error unsupported(std::string message, std::string hint = "") {
  return {Code::kUnsupported, std::move(message), std::move(hint)};
}
inline Error unsupported(std::size_t where, std::string_view what) {
  return unsupported(fmt::format("at offset {}: {}", where, what));
}

}  // namespace ferry::component
