#include "component/constants.h"

#include <vector>

#include <fmt/format.h>

#include "wasm/instruction.h"
#include "wasm/writer.h"

namespace ferry::component {
namespace {

using wasm::Reader;
namespace op = wasm::op;

constexpr std::size_t kMaxStack = 1024;

// Numbers wrap as the instructions do.
std::int64_t calculate(std::uint8_t opcode, std::int64_t left, std::int64_t right) {
  const bool is_i32 = opcode < op::kI64Add;
  const auto a = static_cast<std::uint64_t>(left);
  const auto b = static_cast<std::uint64_t>(right);
  const unsigned which = opcode - (is_i32 ? op::kI32Add : op::kI64Add);
  const std::uint64_t result = which == 0 ? a + b : which == 1 ? a - b : a * b;
  return is_i32 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(result))
                : static_cast<std::int64_t>(result);
}

class Folding {
 public:
  Folding(Reader& reader, const ConstantScope& scope) : reader_(reader), scope_(scope) {}

  Constant run() {
    for (;;) {
      where_ = reader_.offset();
      const std::uint8_t opcode = reader_.byte();
      if (!reader_.ok()) return {};
      if (opcode == op::kEnd) break;
      if (stack_.size() > kMaxStack) {
        fail("a constant expression that is too deep");
        return {};
      }
      step(opcode);
    }
    if (reader_.ok() && stack_.size() != 1) {
      fail("a constant expression that does not give one value");
    }
    return reader_.ok() ? std::move(stack_.back()) : Constant{};
  }

 private:
  void fail(std::string_view why) {
    if (reader_.ok()) reader_.fail_at(where_, std::string(why));
  }

  void push_bytes(std::uint8_t opcode, std::size_t count) {
    const ByteView bytes = reader_.bytes(count);
    stack_.push_back({opcode, 0, Bytes(bytes.begin(), bytes.end())});
  }

  void step(std::uint8_t opcode) {
    switch (opcode) {
      case op::kI32Const:
        stack_.push_back({op::kI32Const, reader_.s32(), {}});
        break;
      case op::kI64Const:
        stack_.push_back({op::kI64Const, reader_.s64(), {}});
        break;
      case op::kF32Const:
        push_bytes(opcode, 4);
        break;
      case op::kF64Const:
        push_bytes(opcode, 8);
        break;
      case op::kGlobalGet: {
        const Constant* value = scope_.global(reader_.u32());
        if (value == nullptr) {
          fail("a constant expression reads a global whose value is not constant");
        } else {
          stack_.push_back(*value);
        }
        break;
      }
      case op::kRefNull: {
        const std::uint8_t type = reader_.byte();
        if (type != 0x70 && type != 0x6F) fail("typed references, which no engine here has");
        stack_.push_back({op::kRefNull, 0, {type}});
        break;
      }
      case op::kRefFunc: {
        const auto function = scope_.function(reader_.u32());
        Constant constant{op::kRefFunc, 0, {}};
        if (function) {
          wasm::put_u32(constant.immediates, *function);
        } else {
          fail("a constant expression names a function that there is not");
        }
        stack_.push_back(std::move(constant));
        break;
      }
      case op::kPrefixSimd:
        if (reader_.u32() != 12) fail("a vector instruction that is not constant");
        push_bytes(opcode, 16);
        stack_.back().immediates.insert(stack_.back().immediates.begin(), 12);
        break;
      case op::kI32Add:
      case op::kI32Add + 1:
      case op::kI32Add + 2:
      case op::kI64Add:
      case op::kI64Add + 1:
      case op::kI64Add + 2:
        arithmetic(opcode);
        break;
      default:
        fail(fmt::format("opcode 0x{:02x} in a constant expression", opcode));
    }
  }

  void arithmetic(std::uint8_t opcode) {
    const std::uint8_t of = opcode < op::kI64Add ? op::kI32Const : op::kI64Const;
    if (stack_.size() < 2 || stack_.back().opcode != of || stack_[stack_.size() - 2].opcode != of) {
      fail("a constant expression calculates with values of another type");
      return;
    }
    const std::int64_t right = stack_.back().number;
    stack_.pop_back();
    stack_.back().number = calculate(opcode, stack_.back().number, right);
  }

  Reader& reader_;
  const ConstantScope& scope_;
  std::vector<Constant> stack_;
  std::size_t where_ = 0;
};

}  // namespace

void put_constant(Bytes& out, const Constant& constant) {
  out.push_back(constant.opcode);
  if (constant.opcode == op::kI32Const || constant.opcode == op::kI64Const) {
    wasm::put_s64(out, constant.number);
  } else {
    wasm::put_bytes(out, constant.immediates);
  }
  out.push_back(op::kEnd);
}

Constant read_constant(Reader& reader, const ConstantScope& scope) {
  return Folding(reader, scope).run();
}

}  // namespace ferry::component
