// Constant expressions, worked out: in one module there is no imported global to read, and engines
// of the first version take no arithmetic.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "wasm/reader.h"

namespace ferry::component {

// A constant instruction: its opcode and, of i32.const and i64.const, the number; of any other the
// immediates as they are written.
struct Constant {
  std::uint8_t opcode = 0x41;
  std::int64_t number = 0;
  Bytes immediates;
};

void put_constant(Bytes& out, const Constant& constant);  // with `end` behind it

struct ConstantScope {
  // The value of a global of the module, null where it has none that is known.
  std::function<const Constant*(std::uint32_t global)> global;
  // Where a function is in the merged module; none: there is no such function.
  std::function<std::optional<std::uint32_t>(std::uint32_t function)> function;
};

// Reads an expression to behind its `end`.
Constant read_constant(wasm::Reader& reader, const ConstantScope& scope);

}  // namespace ferry::component
