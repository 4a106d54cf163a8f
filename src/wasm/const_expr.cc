#include "wasm/const_expr.h"

#include <fmt/format.h>

namespace ferry::wasm {

void walk_const_expr(Reader& reader, const FuncRefSeen* seen) {
  while (reader.ok()) {
    const std::size_t start = reader.offset();
    std::uint8_t opcode = reader.byte();
    switch (opcode) {
      case 0x0B:  // end
        return;
      case 0x41:  // i32.const
        reader.s32();
        break;
      case 0x42:  // i64.const
        reader.s64();
        break;
      case 0x43:  // f32.const
        reader.skip(4);
        break;
      case 0x44:  // f64.const
        reader.skip(8);
        break;
      case 0x23:  // global.get
        reader.u32();
        break;
      case 0xD0:  // ref.null
        reader.s33();
        break;
      case 0xD2: {  // ref.func
        const std::size_t begin = reader.position();
        std::uint32_t index = reader.u32();
        if (reader.ok() && seen != nullptr) {
          (*seen)(begin, reader.position(), index);
        }
        break;
      }
      case 0xFD:  // v128.const
        if (reader.u32() != 12) {
          reader.fail_at(start, "a vector instruction that is not constant");
        }
        reader.skip(16);
        break;
      case 0x6A:  // i32.add, sub, mul; i64 likewise: the extended-const proposal
      case 0x6B:
      case 0x6C:
      case 0x7C:
      case 0x7D:
      case 0x7E:
        break;
      default:
        if (reader.ok()) {
          reader.fail_at(start, fmt::format("opcode 0x{:02x} in a constant expression", opcode));
        }
    }
  }
}

}  // namespace ferry::wasm
