// The facts that are found outside the code (prepare.h, CodeFacts).
#pragma once

#include "wasm/prepare.h"

namespace ferry::wasm {

// Adds what types, globals, tables, segments and tags show. `binary` was read from `wasm`.
Status note_sections(ByteView wasm, const Binary& binary, CodeFacts& facts);

}  // namespace ferry::wasm
