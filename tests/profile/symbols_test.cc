#include "profile/symbols.h"

#include <gtest/gtest.h>

#include "small_elf.h"

namespace ferry::profile {
namespace {

Bytes elf() {
  return small_elf({{"wasm[0]::function[7]::main.main", 0x200, 0x80},
                    {"wasm[0]::function[12]", 0x100, 0x40},
                    {"wasm[0]::array_to_wasm_trampoline[3]", 0x300, 0x20}});
}

TEST(Symbols, FindTheFunctionOfEachPlace) {
  const auto symbols = Symbols::read(elf());
  ASSERT_TRUE(symbols.ok()) << symbols.error().text();
  const std::uint64_t code = symbols->begin();
  EXPECT_EQ(symbols->end() - code, kSmallCode);
  EXPECT_EQ(symbols->function_at(code + 0x100), 12u);
  EXPECT_EQ(symbols->function_at(code + 0x13f), 12u);
  EXPECT_EQ(symbols->function_at(code + 0x140), std::nullopt);
  EXPECT_EQ(symbols->function_at(code + 0x27f), 7u);
  EXPECT_EQ(symbols->function_at(code + 0x310), std::nullopt) << "no function of the guest";
  EXPECT_EQ(symbols->function_at(code), std::nullopt);
}

TEST(Symbols, OfWhatHasNoneAreRefused) {
  EXPECT_FALSE(Symbols::read(as_bytes("\0asm")).ok());
  EXPECT_FALSE(Symbols::read(small_elf({})).ok());
  EXPECT_FALSE(Symbols::read(small_elf({{"main", 0, 16}})).ok());
  EXPECT_FALSE(Symbols::read(small_elf({{"wasm[0]::function[9999999999]", 0, 16}})).ok());
  EXPECT_FALSE(Symbols::read(small_elf({{"wasm[0]::function[1", 0, 16}})).ok());
}

TEST(Symbols, HostileSizesAreRefused) {
  const Bytes whole = elf();
  for (std::size_t size = 0; size < whole.size(); size += 61) {
    static_cast<void>(Symbols::read(ByteView(whole).first(size)).ok());
  }
  EXPECT_FALSE(Symbols::read(small_elf({{"wasm[0]::function[1]", kSmallCode, 1}})).ok());
  EXPECT_FALSE(Symbols::read(small_elf({{"wasm[0]::function[1]", ~std::uint64_t{0}, 16}})).ok());
  Bytes evil = elf();
  reinterpret_cast<Elf64_Ehdr*>(evil.data())->e_shoff = ~std::uint64_t{0} - 8;
  EXPECT_FALSE(Symbols::read(evil).ok());
}

}  // namespace
}  // namespace ferry::profile
