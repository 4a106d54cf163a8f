// The outermost layer of a component: what it imports and exports, by name (component model,
// "Binary"). Of its inner modules only the producers section is read.
#pragma once

#include "wasm/binary.h"
#include "wasm/reader.h"

namespace ferry::wasm {

// Reads all sections of a component whose header has been read.
Status read_component_sections(ByteView wasm, Binary& binary);

// importname', exportname': a byte of kind, the name, and in kind 2 its options.
std::string_view read_extern_name(Reader& reader);

}  // namespace ferry::wasm
