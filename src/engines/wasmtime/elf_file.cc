#include "engines/wasmtime/elf_file.h"

#include <algorithm>
#include <cstring>

namespace ferry::engine::wasmtime {
namespace {

bool inside(ByteView file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() && size <= file.size() - offset;
}

}  // namespace

std::string_view ElfFile::name_of(const Elf64_Shdr& section) const {
  const ByteView names = content(sections[head.e_shstrndx]);
  if (section.sh_name >= names.size()) return {};
  const std::string_view rest = as_text(names.subspan(section.sh_name));
  return rest.substr(0, rest.find('\0'));
}

ByteView ElfFile::content(const Elf64_Shdr& section) const {
  if (section.sh_type == SHT_NOBITS) return {};
  return bytes.subspan(section.sh_offset, section.sh_size);
}

const Elf64_Shdr* ElfFile::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(sections, [&](const Elf64_Shdr& each) { return name_of(each) == name; });
  return found == sections.end() ? nullptr : &*found;
}

std::optional<ElfFile> read_elf(ByteView bytes) {
  ElfFile out;
  out.bytes = bytes;
  if (bytes.size() < sizeof out.head) return std::nullopt;
  std::memcpy(&out.head, bytes.data(), sizeof out.head);
  const Elf64_Ehdr& head = out.head;
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_phnum != 0 ||
      head.e_shentsize != sizeof(Elf64_Shdr) || head.e_shstrndx >= head.e_shnum ||
      !inside(bytes, head.e_shoff, std::uint64_t{head.e_shnum} * sizeof(Elf64_Shdr))) {
    return std::nullopt;
  }
  out.sections.resize(head.e_shnum);
  std::memcpy(out.sections.data(), bytes.data() + head.e_shoff,
              out.sections.size() * sizeof(Elf64_Shdr));
  for (const Elf64_Shdr& section : out.sections) {
    if (section.sh_type != SHT_NOBITS && !inside(bytes, section.sh_offset, section.sh_size)) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace ferry::engine::wasmtime
