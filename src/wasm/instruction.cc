#include "wasm/instruction.h"

#include <array>

#include <fmt/format.h>

#include "wasm/sections.h"

namespace ferry::wasm {
namespace {

// What follows an opcode.
enum class Imm : std::uint8_t {
  kBad,  // no such instruction
  kNone,
  kBlock,
  kIndex,
  kTwoIndices,
  kBranches,
  kTypes,
  kMemory,  // an index of a memory
  kAccess,  // alignment and offset
  kI32,
  kI64,
  kF32,
  kF64,
  kHeapType,
  kTryTable,
  kPrefix
};

consteval std::array<Imm, 256> make_table() {
  std::array<Imm, 256> table{};
  auto fill = [&](unsigned first, unsigned last, Imm imm) {
    for (unsigned i = first; i <= last; ++i) {
      table[i] = imm;
    }
  };
  fill(0x00, 0x01, Imm::kNone);        // unreachable, nop
  fill(0x02, 0x04, Imm::kBlock);       // block, loop, if
  fill(0x05, 0x05, Imm::kNone);        // else
  fill(0x06, 0x06, Imm::kBlock);       // try
  fill(0x07, 0x09, Imm::kIndex);       // catch, throw, rethrow
  fill(0x0A, 0x0B, Imm::kNone);        // throw_ref, end
  fill(0x0C, 0x0D, Imm::kIndex);       // br, br_if
  fill(0x0E, 0x0E, Imm::kBranches);    // br_table
  fill(0x0F, 0x0F, Imm::kNone);        // return
  fill(0x10, 0x10, Imm::kIndex);       // call
  fill(0x11, 0x11, Imm::kTwoIndices);  // call_indirect
  fill(0x12, 0x12, Imm::kIndex);       // return_call
  fill(0x13, 0x13, Imm::kTwoIndices);  // return_call_indirect
  fill(0x18, 0x18, Imm::kIndex);       // delegate
  fill(0x19, 0x1B, Imm::kNone);        // catch_all, drop, select
  fill(0x1C, 0x1C, Imm::kTypes);       // select with types
  fill(0x1F, 0x1F, Imm::kTryTable);    // try_table
  fill(0x20, 0x26, Imm::kIndex);       // locals, globals, table.get, table.set
  fill(0x28, 0x3E, Imm::kAccess);      // loads and stores
  fill(0x3F, 0x40, Imm::kMemory);      // memory.size, memory.grow
  fill(0x41, 0x41, Imm::kI32);         // i32.const
  fill(0x42, 0x42, Imm::kI64);         // i64.const
  fill(0x43, 0x43, Imm::kF32);         // f32.const
  fill(0x44, 0x44, Imm::kF64);         // f64.const
  fill(0x45, 0xC4, Imm::kNone);        // numbers, sign extension from 0xC0
  fill(0xD0, 0xD0, Imm::kHeapType);    // ref.null
  fill(0xD1, 0xD1, Imm::kNone);        // ref.is_null
  fill(0xD2, 0xD2, Imm::kIndex);       // ref.func
  fill(0xFC, 0xFE, Imm::kPrefix);
  return table;
}

constexpr std::array<Imm, 256> kTable = make_table();

constexpr std::uint32_t kMaxBranches = 7'654'321;  // as many as the largest function has bytes

// Proposals by their instructions: those that we know of and do not read.
std::string_view proposal_of(const Instruction& instruction) {
  const std::uint8_t opcode = instruction.opcode;
  if (opcode == 0xFB) {
    return "garbage-collected types (the GC proposal)";
  }
  if (opcode == 0x14 || opcode == 0x15 || (opcode >= 0xD3 && opcode <= 0xD6)) {
    return "typed function references (the function-references proposal)";
  }
  if (opcode >= 0xE0 && opcode <= 0xE6) {
    return "stack switching (the stack-switching proposal)";
  }
  if (opcode == op::kPrefixMisc && instruction.sub >= 19 && instruction.sub <= 22) {
    return "128-bit arithmetic (the wide-arithmetic proposal)";
  }
  return {};
}

void fail_unknown(Reader& reader, std::size_t where, const Instruction& instruction) {
  if (const std::string_view proposal = proposal_of(instruction); !proposal.empty()) {
    reader.fail_unsupported(where, proposal, "build without that feature");
    return;
  }
  reader.fail_at(
      where, fmt::format("unknown instruction 0x{:02x} {}", instruction.opcode, instruction.sub));
}

void read_access(Reader& reader) {
  if ((reader.u32() & 0x40u) != 0) {
    reader.u32();  // a memory's index, with several memories
  }
  reader.u64();
}

void read_misc(Reader& reader, Instruction& out, std::size_t where) {
  switch (out.sub) {
    case 0:  // saturating conversions
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
      return;
    case 8:   // memory.init
    case 10:  // memory.copy
    case 12:  // table.init
    case 14:  // table.copy
      out.index = reader.u32();
      out.second = reader.u32();
      return;
    case 9:   // data.drop
    case 11:  // memory.fill
    case 13:  // elem.drop
    case 15:  // table.grow
    case 16:  // table.size
    case 17:  // table.fill
      out.index = reader.u32();
      return;
    default:
      fail_unknown(reader, where, out);
  }
}

void read_simd(Reader& reader, const Instruction& out, std::size_t where) {
  const std::uint32_t sub = out.sub;
  if (sub <= 11 || sub == 92 || sub == 93) {  // loads and stores
    read_access(reader);
  } else if (sub == 12 || sub == 13) {  // v128.const, i8x16.shuffle
    reader.skip(16);
  } else if (sub >= 21 && sub <= 34) {  // lanes
    reader.skip(1);
  } else if (sub >= 84 && sub <= 91) {  // loads and stores of a lane
    read_access(reader);
    reader.skip(1);
  } else if (sub > 0x113) {  // the last of relaxed SIMD
    fail_unknown(reader, where, out);
  }
}

void read_threads(Reader& reader, const Instruction& out, std::size_t where) {
  if (out.sub == 3) {  // atomic.fence
    reader.skip(1);
  } else if (out.sub <= 2 || (out.sub >= 0x10 && out.sub <= 0x4E)) {
    read_access(reader);
  } else {
    fail_unknown(reader, where, out);
  }
}

void read_try_table(Reader& reader, Instruction& out) {
  out.block_type = reader.s33();
  std::uint32_t catches = reader.count("catches", kMaxBranches);
  for (std::uint32_t i = 0; i < catches && reader.ok(); ++i) {
    if (reader.byte() < 2) {
      reader.u32();  // a tag; catch_all has none
    }
    reader.u32();
  }
}

}  // namespace

Instruction read_instruction(Reader& reader) {
  Instruction out;
  out.begin = reader.position();
  const std::size_t where = reader.offset();
  out.opcode = reader.byte();
  switch (kTable[out.opcode]) {
    case Imm::kNone:
      break;
    case Imm::kIndex:
    case Imm::kMemory:
      out.index = reader.u32();
      break;
    case Imm::kTwoIndices:
      out.index = reader.u32();
      out.second_begin = reader.position();
      out.second = reader.u32();
      break;
    case Imm::kAccess:
      read_access(reader);
      break;
    case Imm::kBlock:
      out.block_type = reader.s33();
      break;
    case Imm::kI32:
      reader.s32();
      break;
    case Imm::kI64:
      reader.s64();
      break;
    case Imm::kF32:
      reader.skip(4);
      break;
    case Imm::kF64:
      reader.skip(8);
      break;
    case Imm::kHeapType:
      out.block_type = reader.s33();
      break;
    case Imm::kBranches: {
      std::uint32_t count = reader.count("branches", kMaxBranches);
      for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        reader.u32();
      }
      reader.u32();
      break;
    }
    case Imm::kTypes: {
      std::uint32_t count = reader.count("types", kMaxResults);
      for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        read_val_type(reader);
      }
      break;
    }
    case Imm::kTryTable:
      read_try_table(reader, out);
      break;
    case Imm::kPrefix:
      out.sub = reader.u32();
      if (out.opcode == op::kPrefixMisc) {
        read_misc(reader, out, where);
      } else if (out.opcode == op::kPrefixSimd) {
        read_simd(reader, out, where);
      } else {
        read_threads(reader, out, where);
      }
      break;
    case Imm::kBad:
      if (reader.ok()) {
        fail_unknown(reader, where, out);
      }
      break;
  }
  out.end = reader.position();
  return out;
}

}  // namespace ferry::wasm
