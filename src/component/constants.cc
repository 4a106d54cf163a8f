#include "component/constants.h"

#include <vector>

#include <fmt/format.h>

#include "wasm/writer.h"

namespace ferry::component {
namespace {

using wasm::Reader;

constexpr std::uint8_t kEnd = 0x0B;
constexpr std::uint8_t kGlobalGet = 0x23;
constexpr std::uint8_t kI32Const = 0x41;
constexpr std::uint8_t kI64Const = 0x42;
constexpr std::uint8_t kF32Const = 0x43;
constexpr std::uint8_t kF64Const = 0x44;
constexpr std::uint8_t kI32Add = 0x6A;  // sub and mul follow
constexpr std::uint8_t kI64Add = 0x7C;  // likewise
constexpr std::uint8_t kRefNull = 0xD0;
constexpr std::uint8_t kRefFunc = 0xD2;
constexpr std::uint8_t kSimd = 0xFD;
constexpr std::size_t kMaxStack = 1024;

// Numbers wrap as the instructions do.
std::int64_t calculate(std::uint8_t opcode, std::int64_t left, std::int64_t right) {
  const bool is_i32 = opcode < kI64Add;
  const auto a = static_cast<std::uint64_t>(left);
  const auto b = static_cast<std::uint64_t>(right);
  const unsigned which = opcode - (is_i32 ? kI32Add : kI64Add);
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
      if (opcode == kEnd) break;
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
      case kI32Const:
        stack_.push_back({kI32Const, reader_.s32(), {}});
        break;
      case kI64Const:
        stack_.push_back({kI64Const, reader_.s64(), {}});
        break;
      case kF32Const:
        push_bytes(opcode, 4);
        break;
      case kF64Const:
        push_bytes(opcode, 8);
        break;
      case kGlobalGet: {
        const Constant* value = scope_.global(reader_.u32());
        if (value == nullptr) {
          fail("a constant expression reads a global whose value is not constant");
        } else {
          stack_.push_back(*value);
        }
        break;
      }
      case kRefNull: {
        const std::uint8_t type = reader_.byte();
        if (type != 0x70 && type != 0x6F) fail("typed references, which no engine here has");
        stack_.push_back({kRefNull, 0, {type}});
        break;
      }
      case kRefFunc: {
        const auto function = scope_.function(reader_.u32());
        Constant constant{kRefFunc, 0, {}};
        if (function) {
          wasm::put_u32(constant.immediates, *function);
        } else {
          fail("a constant expression names a function that there is not");
        }
        stack_.push_back(std::move(constant));
        break;
      }
      case kSimd:
        if (reader_.u32() != 12) fail("a vector instruction that is not constant");
        push_bytes(opcode, 16);
        stack_.back().immediates.insert(stack_.back().immediates.begin(), 12);
        break;
      case kI32Add:
      case kI32Add + 1:
      case kI32Add + 2:
      case kI64Add:
      case kI64Add + 1:
      case kI64Add + 2:
        arithmetic(opcode);
        break;
      default:
        fail(fmt::format("opcode 0x{:02x} in a constant expression", opcode));
    }
  }

  void arithmetic(std::uint8_t opcode) {
    const std::uint8_t of = opcode < kI64Add ? kI32Const : kI64Const;
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
  if (constant.opcode == kI32Const || constant.opcode == kI64Const) {
    wasm::put_s64(out, constant.number);
  } else {
    wasm::put_bytes(out, constant.immediates);
  }
  out.push_back(kEnd);
}

Constant read_constant(Reader& reader, const ConstantScope& scope) {
  return Folding(reader, scope).run();
}

}  // namespace ferry::component
