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
inline constexpr std::uint8_t kBr = 0x0C;
inline constexpr std::uint8_t kBrIf = 0x0D;
inline constexpr std::uint8_t kReturn = 0x0F;
inline constexpr std::uint8_t kCall = 0x10;
inline constexpr std::uint8_t kCallIndirect = 0x11;
inline constexpr std::uint8_t kReturnCall = 0x12;
inline constexpr std::uint8_t kReturnCallIndirect = 0x13;
inline constexpr std::uint8_t kDelegate = 0x18;
inline constexpr std::uint8_t kDrop = 0x1A;
inline constexpr std::uint8_t kTryTable = 0x1F;
inline constexpr std::uint8_t kLocalGet = 0x20;
inline constexpr std::uint8_t kLocalSet = 0x21;
inline constexpr std::uint8_t kLocalTee = 0x22;
inline constexpr std::uint8_t kGlobalGet = 0x23;
inline constexpr std::uint8_t kGlobalSet = 0x24;
inline constexpr std::uint8_t kTableGet = 0x25;
inline constexpr std::uint8_t kTableSet = 0x26;
inline constexpr std::uint8_t kI32Store = 0x36;
inline constexpr std::uint8_t kI64Store = 0x37;
inline constexpr std::uint8_t kMemorySize = 0x3F;
inline constexpr std::uint8_t kMemoryGrow = 0x40;
inline constexpr std::uint8_t kI32Const = 0x41;
inline constexpr std::uint8_t kI64Const = 0x42;
inline constexpr std::uint8_t kF32Const = 0x43;
inline constexpr std::uint8_t kF64Const = 0x44;
inline constexpr std::uint8_t kI32Eqz = 0x45;
inline constexpr std::uint8_t kI32Eq = 0x46;
inline constexpr std::uint8_t kI32LtU = 0x49;
inline constexpr std::uint8_t kI32GtU = 0x4B;
inline constexpr std::uint8_t kI64Eqz = 0x50;
inline constexpr std::uint8_t kI32Add = 0x6A;
inline constexpr std::uint8_t kI32Sub = 0x6B;  // mul follows
inline constexpr std::uint8_t kI64Add = 0x7C;  // likewise
inline constexpr std::uint8_t kI64ShrU = 0x88;
inline constexpr std::uint8_t kI32WrapI64 = 0xA7;
inline constexpr std::uint8_t kI64ExtendI32U = 0xAD;
inline constexpr std::uint8_t kRefNull = 0xD0;
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
