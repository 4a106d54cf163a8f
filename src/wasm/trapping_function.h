// A module with one more function, which nothing calls and which traps: for an engine that ends a
// guest by having it go on at an instruction that traps, and so needs one in every module.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace ferry::wasm {

// None where the module has no code of its own, or cannot be read: the engine reports what is wrong
// with it. The function comes last, so that all indices stay.
std::optional<Bytes> with_trapping_function(ByteView wasm);

}  // namespace ferry::wasm
