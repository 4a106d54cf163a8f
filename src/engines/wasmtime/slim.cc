#include "engines/wasmtime/slim.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "engines/wasmtime/elf_file.h"

namespace ferry::engine::wasmtime {
namespace {

constexpr std::array<std::string_view, 4> kUnused = {".wasmtime.addrmap", ".eh_frame", ".symtab",
                                                     ".strtab"};
constexpr std::uint64_t kMostAlignment = 1u << 16;

void append(Bytes& out, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

void align(Bytes& out, std::uint64_t to) { out.resize((out.size() + to - 1) / to * to); }

}  // namespace

Bytes slim(Bytes artifact) {
  const auto elf = read_elf(artifact);
  if (!elf) return artifact;
  Elf64_Ehdr head = elf->head;
  Bytes out;
  out.reserve(artifact.size());
  append(out, &head, sizeof head);
  std::vector<Elf64_Shdr> kept;
  for (std::size_t i = 0; i < elf->sections.size(); ++i) {
    Elf64_Shdr section = elf->sections[i];
    if (std::ranges::find(kUnused, elf->name_of(section)) != kUnused.end()) continue;
    // Numbers of other sections would no longer be right.
    if (section.sh_link != 0 || section.sh_info != 0 || section.sh_type == SHT_NOBITS ||
        section.sh_addralign > kMostAlignment) {
      return artifact;
    }
    if (i == elf->head.e_shstrndx) head.e_shstrndx = static_cast<Elf64_Half>(kept.size());
    if (section.sh_type != SHT_NULL) {
      align(out, std::max<std::uint64_t>(section.sh_addralign, 1));
      const std::uint64_t at = out.size();
      append(out, elf->content(section).data(), section.sh_size);
      section.sh_offset = at;
    }
    kept.push_back(section);
  }
  align(out, alignof(Elf64_Shdr));
  head.e_shoff = out.size();
  head.e_shnum = static_cast<Elf64_Half>(kept.size());
  append(out, kept.data(), kept.size() * sizeof(Elf64_Shdr));
  std::memcpy(out.data(), &head, sizeof head);
  return out;
}

}  // namespace ferry::engine::wasmtime
