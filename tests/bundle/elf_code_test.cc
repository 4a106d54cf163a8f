#include "bundle/elf_code.h"

#include <gtest/gtest.h>

#include "elf_of_code.h"

namespace ferry::bundle {
namespace {

Elf64_Shdr& code_section(Bytes& elf) {
  return *reinterpret_cast<Elf64_Shdr*>(elf.data() + sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr));
}
Elf64_Ehdr& head(Bytes& elf) { return *reinterpret_cast<Elf64_Ehdr*>(elf.data()); }

TEST(ElfCode, FindsTheOneSection) {
  const CodeRange found = find_code(elf_of_code(3));
  EXPECT_EQ(found.offset, kCodeAt);
  EXPECT_EQ(found.size, 3 * kCodePiece);
}

TEST(ElfCode, NothingInWhatIsNoSuchFile) {
  const Bytes whole = elf_of_code(1);
  for (std::size_t size : {0, 3, 63, 64, 100, 191}) {
    EXPECT_EQ(find_code(ByteView(whole).first(size)).size, 0u) << size;
  }
  EXPECT_EQ(
      find_code(as_bytes("\0asm, and more that is not an ELF file, long enough for a header")).size,
      0u);
}

TEST(ElfCode, HostileSizesAreNothing) {
  for (const std::uint64_t evil :
       {std::uint64_t{1}, std::uint64_t{1} << 63, ~std::uint64_t{4095}}) {
    Bytes elf = elf_of_code(1);
    code_section(elf).sh_offset = evil;
    EXPECT_EQ(find_code(elf).size, 0u);
    elf = elf_of_code(1);
    code_section(elf).sh_size = evil;
    EXPECT_EQ(find_code(elf).size, 0u);
    elf = elf_of_code(1);
    head(elf).e_shoff = ~std::uint64_t{0} - evil;
    EXPECT_EQ(find_code(elf).size, 0u);
  }
  Bytes elf = elf_of_code(1);
  head(elf).e_shnum = 65535;
  EXPECT_EQ(find_code(elf).size, 0u);
}

TEST(ElfCode, TwoSectionsOfCodeAreNotInOnePlace) {
  Bytes elf = elf_of_code(1);
  Elf64_Shdr second = code_section(elf);
  std::memcpy(elf.data() + sizeof(Elf64_Ehdr) + 2 * sizeof second, &second, sizeof second);
  head(elf).e_shnum = 3;
  EXPECT_EQ(find_code(elf).size, 0u);
}

}  // namespace
}  // namespace ferry::bundle
