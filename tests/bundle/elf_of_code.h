// An ELF file with one section of native code in it, as small as one can be, for tests of what
// handles code without an engine. Piece i of the code returns i when it is called.
#pragma once

#include <cstring>

#include <elf.h>

#include "bundle/artifact.h"

namespace ferry::bundle {

inline constexpr std::uint64_t kCodeAt = 4096;

inline Bytes elf_of_code(std::uint32_t pieces) {
  Bytes out(kCodeAt + pieces * kCodePiece, 0x90);
  for (std::uint32_t i = 0; i < pieces; ++i) {
    std::uint8_t* code = out.data() + kCodeAt + i * kCodePiece;
#ifdef __aarch64__
    const std::uint32_t words[] = {0x52800000 | i << 5, 0xd65f03c0};  // mov w0, i; ret
    std::memcpy(code, words, sizeof words);
#else
    code[0] = 0xb8;  // mov eax, i; ret
    std::memcpy(code + 1, &i, sizeof i);
    code[5] = 0xc3;
#endif
  }
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_shoff = sizeof head;
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = 2;
  Elf64_Shdr sections[2]{};
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  sections[1].sh_offset = kCodeAt;
  sections[1].sh_size = pieces * kCodePiece;
  std::memcpy(out.data(), &head, sizeof head);
  std::memcpy(out.data() + head.e_shoff, sections, sizeof sections);
  return out;
}

}  // namespace ferry::bundle
