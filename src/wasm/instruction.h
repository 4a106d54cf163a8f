// One instruction after the other, with its immediates (core 2.0, 5.4; tail calls, threads,
// relaxed SIMD and both exception proposals as far as knowing where each instruction ends).
#pragma once

#include <cstdint>

#include "wasm/reader.h"

namespace ferry::wasm {

namespace op {
inline constexpr std::uint8_t kUnreachable = 0x00;
inline constexpr std::uint8_t kBlock = 0x02;
inline constexpr std::uint8_t kLoop = 0x03;
inline constexpr std::uint8_t kIf = 0x04;
inline constexpr std::uint8_t kTry = 0x06;
inline constexpr std::uint8_t kEnd = 0x0B;
inline constexpr std::uint8_t kCall = 0x10;
inline constexpr std::uint8_t kCallIndirect = 0x11;
inline constexpr std::uint8_t kReturnCall = 0x12;
inline constexpr std::uint8_t kReturnCallIndirect = 0x13;
inline constexpr std::uint8_t kDelegate = 0x18;
inline constexpr std::uint8_t kTryTable = 0x1F;
inline constexpr std::uint8_t kMemoryGrow = 0x40;
inline constexpr std::uint8_t kRefFunc = 0xD2;
inline constexpr std::uint8_t kPrefixMisc = 0xFC;
inline constexpr std::uint8_t kPrefixSimd = 0xFD;
inline constexpr std::uint8_t kPrefixThreads = 0xFE;
}  // namespace op

struct Instruction {
  std::uint8_t opcode = 0;       // or the prefix
  std::uint32_t sub = 0;         // behind a prefix
  std::uint32_t index = 0;       // the first index it carries: function, table, global, …
  std::uint32_t second = 0;      // the second one: call_indirect's table
  std::size_t second_begin = 0;  // where that stands
  // Of a block, or of what ref.null is null: a type's index, or negative: a value type or none.
  std::int64_t block_type = -64;
  std::size_t begin = 0;  // positions in the reader's bytes
  std::size_t end = 0;
};

// Reads the next one; where it is not understood the reader fails at its offset.
Instruction read_instruction(Reader& reader);

}  // namespace ferry::wasm
