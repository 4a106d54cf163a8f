// Constant expressions: initial values of globals, offsets of segments (core 2.0, 3.3.7).
#pragma once

#include <functional>

#include "wasm/reader.h"

namespace ferry::wasm {

// Told of each `ref.func`: where its index stands in the reader's bytes, and the index.
using FuncRefSeen =
    std::function<void(std::size_t begin, std::size_t end, std::uint32_t function_index)>;

// Walks to behind the expression's `end`. `seen` may be null.
void walk_const_expr(Reader& reader, const FuncRefSeen* seen);

}  // namespace ferry::wasm
