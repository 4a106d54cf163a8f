// An artifact of Wasmtime as the ELF file that it is: no segments, only sections.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <elf.h>

#include "base/bytes.h"

namespace ferry::engine::wasmtime {

// Borrows the bytes.
struct ElfFile {
  ByteView bytes;
  Elf64_Ehdr head{};
  std::vector<Elf64_Shdr> sections;  // each lies within the bytes

  std::string_view name_of(const Elf64_Shdr& section) const;
  ByteView content(const Elf64_Shdr& section) const;
  // Null where there is none of that name.
  const Elf64_Shdr* find(std::string_view name) const;
};

// None where it is not of the expected shape.
std::optional<ElfFile> read_elf(ByteView bytes);

}  // namespace ferry::engine::wasmtime
