// Which compiler made a module: the "producers" custom section (WebAssembly tool conventions,
// "Producers Section"), and where it is silent, the marks that a toolchain leaves.
#pragma once

#include "wasm/binary.h"

namespace ferry::wasm {

// Contents behind the section's name. Custom sections never make a module invalid, so what is
// malformed is left out.
std::vector<Producer> read_producers(ByteView contents);

// "Go 1.26.8", "clang 16.0.6", "Rust 1.63.0", or "" where that is unknown.
std::string guess_toolchain(const Binary& binary);

}  // namespace ferry::wasm
