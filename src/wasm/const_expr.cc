#include "wasm/const_expr.h"

#include <vector>

#include <fmt/format.h>

namespace ferry::wasm {
namespace {

constexpr std::uint64_t kLow = 0xFFFFFFFFu;

// What an expression has put on the stack so far. What it cannot calculate it only counts.
class Stack {
 public:
  void push(std::optional<std::uint64_t> bits, bool is_i64) {
    values_.push_back({bits, is_i64, false});
  }
  // By its value, where it is known: some engines read imported globals alone.
  void push_global(const ConstValue& global) {
    values_.push_back({global.bits, global.is_i64, global.bits.has_value()});
  }
  void push_unknown() { values_.push_back({}); }

  // i32.add, sub, mul and the same of i64. False where two operands are missing.
  bool calculate(std::uint8_t opcode) {
    if (values_.size() < 2) {
      return false;
    }
    const ConstValue right = values_.back();
    values_.pop_back();
    ConstValue& left = values_.back();
    const bool is_i64 = opcode >= 0x7C;
    left.calculated = true;
    if (!left.bits || !right.bits || left.is_i64 != is_i64 || right.is_i64 != is_i64) {
      left.bits.reset();
      return true;
    }
    const std::uint64_t a = *left.bits;
    const std::uint64_t b = *right.bits;
    std::uint64_t result = a * b;
    if (opcode == 0x6A || opcode == 0x7C) {
      result = a + b;
    } else if (opcode == 0x6B || opcode == 0x7D) {
      result = a - b;
    }
    left.bits = is_i64 ? result : result & kLow;
    return true;
  }

  ConstValue result() const { return values_.size() == 1 ? values_.front() : ConstValue{}; }

 private:
  std::vector<ConstValue> values_;
};

}  // namespace

void walk_const_expr(Reader& reader, const FuncRefSeen* seen) { read_const_expr(reader, {}, seen); }

ConstValue read_const_expr(Reader& reader, std::span<const ConstValue> globals,
                           const FuncRefSeen* seen) {
  Stack stack;
  while (reader.ok()) {
    const std::size_t start = reader.offset();
    std::uint8_t opcode = reader.byte();
    switch (opcode) {
      case 0x0B:  // end
        return stack.result();
      case 0x41:  // i32.const
        stack.push(static_cast<std::uint32_t>(reader.s32()), false);
        break;
      case 0x42:  // i64.const
        stack.push(static_cast<std::uint64_t>(reader.s64()), true);
        break;
      case 0x43:  // f32.const
        reader.skip(4);
        stack.push_unknown();
        break;
      case 0x44:  // f64.const
        reader.skip(8);
        stack.push_unknown();
        break;
      case 0x23: {  // global.get
        const std::uint32_t index = reader.u32();
        if (index < globals.size()) {
          stack.push_global(globals[index]);
        } else {
          stack.push_unknown();
        }
        break;
      }
      case 0xD0:  // ref.null
        reader.s33();
        stack.push_unknown();
        break;
      case 0xD2: {  // ref.func
        const std::size_t begin = reader.position();
        std::uint32_t index = reader.u32();
        if (reader.ok() && seen != nullptr) {
          (*seen)(begin, reader.position(), index);
        }
        stack.push_unknown();
        break;
      }
      case 0xFD:  // v128.const
        if (reader.u32() != 12) {
          reader.fail_at(start, "a vector instruction that is not constant");
        }
        reader.skip(16);
        stack.push_unknown();
        break;
      case 0x6A:  // i32.add, sub, mul; i64 likewise
      case 0x6B:
      case 0x6C:
      case 0x7C:
      case 0x7D:
      case 0x7E:
        if (!stack.calculate(opcode)) {
          reader.fail_at(start, "a constant expression takes more than it has");
        }
        break;
      case 0xFB:
        reader.fail_unsupported(start, "garbage-collected types (the GC proposal)", "");
        break;
      default:
        if (reader.ok()) {
          reader.fail_at(start, fmt::format("opcode 0x{:02x} in a constant expression", opcode));
        }
    }
  }
  return {};
}

}  // namespace ferry::wasm
