// Rust's v0 symbol names (RFC 2603; "v0 Symbol Format" in the rustc book). Private to demangle.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferry {

// "_RNvCs1234_7mycrate3foo" → "mycrate::foo". Nothing where it is not such a name, or damaged.
std::optional<std::string> read_rust_symbol(std::string_view symbol);

}  // namespace ferry
