// The facts that stand outside the code (prepare.h, CodeFacts).
#pragma once

#include "function/prepare.h"

namespace ferry::function {

// Adds what types, globals, tables, segments and tags tell. `binary` was read from `wasm`.
Status note_sections(ByteView wasm, const Binary& binary, CodeFacts& facts);

}  // namespace ferry::function
