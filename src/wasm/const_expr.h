// Constant expressions: a global's first value, a segment's offset (core 2.0, 3.3.10), with the
// arithmetic of the extended-const proposal.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "wasm/reader.h"

namespace ferry::wasm {

// Called for each ref.func: where its index stands (positions in the reader's bytes), and which.
using FuncRefSeen = std::function<void(std::size_t begin, std::size_t end, std::uint32_t index)>;

// Reads one expression with its end.
void walk_const_expr(Reader& reader, const FuncRefSeen* seen);

struct ConstValue {
  std::optional<std::uint64_t> bits;  // of an i32 (in the low half) or i64, where it is known
  bool is_i64 = false;
  bool calculated = false;  // not one constant: extended-const, or a global of the module
};
// Reads one expression with its end and calculates it. `globals` are the values of those that
// are before it; one that is imported or is not an integer has none.
ConstValue read_const_expr(Reader& reader, std::span<const ConstValue> globals,
                           const FuncRefSeen* seen = nullptr);

}  // namespace ferry::wasm
