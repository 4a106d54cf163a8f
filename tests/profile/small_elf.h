// An ELF64 file with code and symbols, as small as one can be.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>

#include "base/bytes.h"

namespace ferry::profile {

struct SmallSymbol {
  std::string name;
  std::uint64_t at = 0;  // in the code
  std::uint64_t size = 0;
};

inline constexpr std::uint64_t kSmallCode = 4096;  // bytes

// Sections: none, the code, the symbols, their names.
inline Bytes small_elf(const std::vector<SmallSymbol>& symbols) {
  std::string names(1, '\0');
  std::vector<Elf64_Sym> table(1);
  for (const SmallSymbol& each : symbols) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<Elf64_Word>(names.size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = 1;
    symbol.st_value = each.at;
    symbol.st_size = each.size;
    table.push_back(symbol);
    names += each.name + '\0';
  }
  Elf64_Shdr sections[4]{};
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_shoff = sizeof head;
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = 4;
  sections[1] = {0,
                 SHT_PROGBITS,
                 SHF_ALLOC | SHF_EXECINSTR,
                 0,
                 sizeof head + sizeof sections,
                 kSmallCode,
                 0,
                 0,
                 16,
                 0};
  sections[2] = {0,
                 SHT_SYMTAB,
                 0,
                 0,
                 sections[1].sh_offset + kSmallCode,
                 table.size() * sizeof(Elf64_Sym),
                 3,
                 0,
                 8,
                 sizeof(Elf64_Sym)};
  sections[3] = {0, SHT_STRTAB, 0, 0, sections[2].sh_offset + sections[2].sh_size, names.size(),
                 0, 0,          1, 0};
  Bytes out(sections[3].sh_offset + sections[3].sh_size);
  std::memcpy(out.data(), &head, sizeof head);
  std::memcpy(out.data() + sizeof head, sections, sizeof sections);
  std::memcpy(out.data() + sections[2].sh_offset, table.data(), sections[2].sh_size);
  std::memcpy(out.data() + sections[3].sh_offset, names.data(), names.size());
  return out;
}

}  // namespace ferry::profile
