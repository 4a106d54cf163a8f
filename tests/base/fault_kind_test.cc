// The encodings are those that GNU as 2.40 writes.
#include "base/fault_kind.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

struct Instruction {
  std::uint32_t code;
  const char* text;
};

TEST(FaultKind, InstructionsThatOnlyRead) {
  constexpr Instruction kReads[] = {
      {0xf9400020, "ldr x0, [x1]"},
      {0x39400c20, "ldrb w0, [x1, #3]"},
      {0x3dc00020, "ldr q0, [x1]"},
      {0x3ce26820, "ldr q0, [x1, x2]"},
      {0x3cdfd041, "ldur q1, [x2, #-3]"},
      {0xb8804420, "ldrsw x0, [x1], #4"},
      {0x78e27820, "ldrsh w0, [x1, x2, lsl #1]"},
      {0xa9400440, "ldp x0, x1, [x2]"},
      {0xacc10440, "ldp q0, q1, [x2], #32"},
      {0xa8400440, "ldnp x0, x1, [x2]"},
      {0xc85f7c20, "ldxr x0, [x1]"},
      {0xc87f8440, "ldaxp x0, x1, [x2]"},
      {0xc8dffc20, "ldar x0, [x1]"},
      {0xc8df7c20, "ldlar x0, [x1]"},
      {0xf8bfc020, "ldapr x0, [x1]"},
      {0x38bfc020, "ldaprb w0, [x1]"},
      {0xd9408020, "ldapur x0, [x1, #8]"},
      {0x99808020, "ldapursw x0, [x1, #8]"},
      {0x4c407000, "ld1 {v0.16b}, [x0]"},
      {0x0ddf0c00, "ld1 {v0.b}[3], [x0], #1"},
      {0x4cc10800, "ld4 {v0.4s-v3.4s}, [x0], x1"},
      {0x4d40c400, "ld1r {v0.8h}, [x0]"},
      {0xf8201420, "ldraa x0, [x1, #8]"},
      {0x58000040, "ldr x0, label"},
      {0x9c000080, "ldr q0, label"},
      {0xf8400820, "ldtr x0, [x1]"},
      {0xf9800000, "prfm pldl1keep, [x0]"},
      {0x8b020020, "add x0, x1, x2"},
      {0x7d400420, "ldr h0, [x1, #2]"},
      {0xfc62d820, "ldr d0, [x1, w2, sxtw #3]"},
  };
  for (const Instruction& each : kReads) EXPECT_FALSE(writes_memory(each.code)) << each.text;
}

TEST(FaultKind, InstructionsThatWrite) {
  constexpr Instruction kWrites[] = {
      {0xf9000020, "str x0, [x1]"},
      {0x39000c20, "strb w0, [x1, #3]"},
      {0x3d800020, "str q0, [x1]"},
      {0x3ca26820, "str q0, [x1, x2]"},
      {0x3c9fd041, "stur q1, [x2, #-3]"},
      {0xb8004420, "str w0, [x1], #4"},
      {0xa9000440, "stp x0, x1, [x2]"},
      {0xadbf0440, "stp q0, q1, [x2, #-32]!"},
      {0xa8000440, "stnp x0, x1, [x2]"},
      {0xc8027c20, "stxr w2, x0, [x1]"},
      {0xc8238440, "stlxp w3, x0, x1, [x2]"},
      {0xc89ffc20, "stlr x0, [x1]"},
      {0xc89f7c20, "stllr x0, [x1]"},
      {0xc8a07c41, "cas x0, x1, [x2]"},
      {0x88e0fc41, "casal w0, w1, [x2]"},
      {0x08e07c41, "casab w0, w1, [x2]"},
      {0x48207c82, "casp x0, x1, x2, x3, [x4]"},
      {0x0860fc82, "caspal w0, w1, w2, w3, [x4]"},
      {0xf8200041, "ldadd x0, x1, [x2]"},
      {0xf820005f, "stadd x0, [x2]"},
      {0xf8e08041, "swpal x0, x1, [x2]"},
      {0xd9008020, "stlur x0, [x1, #8]"},
      {0x4c007000, "st1 {v0.16b}, [x0]"},
      {0x0d9f0c00, "st1 {v0.b}[3], [x0], #1"},
      {0x4c810800, "st4 {v0.4s-v3.4s}, [x0], x1"},
      {0xd50b7423, "dc zva, x3"},
      {0xf8000820, "sttr x0, [x1]"},
      {0x7d000420, "str h0, [x1, #2]"},
      {0xfc22d820, "str d0, [x1, w2, sxtw #3]"},
      {0x38201041, "ldclrb w0, w1, [x2]"},
  };
  for (const Instruction& each : kWrites) EXPECT_TRUE(writes_memory(each.code)) << each.text;
}

}  // namespace
}  // namespace ferry
