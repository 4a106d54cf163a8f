// What a file that is not wasm is instead, for a message that helps.
#pragma once

#include "base/bytes.h"

namespace ferry::wasm {

// kInvalid. `bytes` do not begin with wasm's header.
Error explain_not_wasm(ByteView bytes);

}  // namespace ferry::wasm
