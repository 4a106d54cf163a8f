// The outermost layer of a component: what it imports and exports, by name (component model,
// "Binary"). Its inner modules are not read, except for who made them.
#pragma once

#include "wasm/binary.h"

namespace ferry::wasm {

// Reads all sections of a component whose header has been read.
Status read_component_sections(ByteView wasm, Binary& binary);

}  // namespace ferry::wasm
