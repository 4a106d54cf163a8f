#include "bundle/elf_code.h"

#include <cstring>

#include <elf.h>

#include "bundle/artifact.h"

namespace ferry::bundle {

CodeRange find_code(ByteView file) {
  Elf64_Ehdr head{};
  if (file.size() < sizeof head) return {};
  std::memcpy(&head, file.data(), sizeof head);
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_shentsize != sizeof(Elf64_Shdr) ||
      head.e_shoff > file.size() ||
      head.e_shnum > (file.size() - head.e_shoff) / sizeof(Elf64_Shdr)) {
    return {};
  }
  CodeRange found;
  for (std::size_t i = 0; i < head.e_shnum; ++i) {
    Elf64_Shdr section{};
    std::memcpy(&section, file.data() + head.e_shoff + i * sizeof section, sizeof section);
    if ((section.sh_flags & SHF_EXECINSTR) == 0 || section.sh_size == 0) continue;
    if (found.size != 0 || section.sh_type != SHT_PROGBITS ||
        ((section.sh_offset | section.sh_size) & kPageMask) != 0 ||
        section.sh_offset > file.size() || section.sh_size > file.size() - section.sh_offset) {
      return {};
    }
    found = {section.sh_offset, section.sh_size};
  }
  return found;
}

}  // namespace ferry::bundle
