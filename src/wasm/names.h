// Names of a module's functions, from its custom section "name" (core 2.0, 7.4.1). They are for
// people and prove nothing; a module without them is as good.
#pragma once

#include <string_view>
#include <vector>

#include "wasm/binary.h"

namespace ferry::wasm {

// By function index; empty where one has no name. No names at all (or a section that is not well
// formed, which the standard says is to be ignored): an empty vector. Borrows from `wasm`.
std::vector<std::string_view> read_function_names(ByteView wasm, const Binary& binary);

}  // namespace ferry::wasm
