// `ferry run NAME.ferry`: a function as `ferry pack` compiled it.
#pragma once

#include <string>

#include "builder/function_options.h"
#include "bundle/bundle.h"
#include "function/function.h"

namespace ferry::commands {

struct PackedFunction {
  function::Function function;  // without its wasm, which is not in a bundle
  bundle::Bundle bundle;        // for packaging::kShippedEngine
};

// A bundle is native code: it is opened where this user's own key signed it. kUsage for any other,
// with how it is served, and for options that are settled when a bundle is made.
Result<PackedFunction> open_packed(const std::string& path,
                                   const builder::FunctionOptions& options);

}  // namespace ferry::commands
