// Names of a module's functions, from its custom section "name" (core 2.0, 7.4.1). They are for
// people and prove nothing; a module need not have any.
#pragma once

#include <string_view>
#include <vector>

#include "wasm/binary.h"
#include "wasm/code.h"

namespace ferry::wasm {

// By function index; empty where one has no name. No names at all (or a section that is not well
// formed, which the standard says is to be ignored): an empty vector. Borrows from `wasm`.
std::vector<std::string_view> read_function_names(ByteView wasm, const Binary& binary);

// Puts a section "name" with them, by the numbers that the functions have after `plan`; nothing
// where there are none.
void put_function_names(Bytes& out, const std::vector<std::string_view>& names,
                        const CodePlan& plan);

// The module without its custom sections, but with the names of its functions: for tools that fail
// on a section they do not understand, or that follow its marks (target_features) rather than the
// code.
Bytes without_custom_sections(ByteView wasm, const Binary& binary);

}  // namespace ferry::wasm
