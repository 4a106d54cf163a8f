#include "engines/wasmtime/slim.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include <elf.h>

namespace ferry::engine::wasmtime {
namespace {

constexpr std::array<std::string_view, 4> kUnused = {".wasmtime.addrmap", ".eh_frame", ".symtab",
                                                     ".strtab"};
constexpr std::uint64_t kMostAlignment = 1u << 16;

// `count` things of `size` bytes at `offset`.
bool inside(ByteView file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() && size <= file.size() - offset;
}

struct Parts {
  Elf64_Ehdr head{};
  std::vector<Elf64_Shdr> sections;
};

std::optional<Parts> read_parts(ByteView elf) {
  Parts out;
  if (elf.size() < sizeof out.head) return std::nullopt;
  std::memcpy(&out.head, elf.data(), sizeof out.head);
  const Elf64_Ehdr& head = out.head;
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_phnum != 0 ||
      head.e_shentsize != sizeof(Elf64_Shdr) || head.e_shstrndx >= head.e_shnum ||
      !inside(elf, head.e_shoff, std::uint64_t{head.e_shnum} * sizeof(Elf64_Shdr))) {
    return std::nullopt;
  }
  out.sections.resize(head.e_shnum);
  std::memcpy(out.sections.data(), elf.data() + head.e_shoff,
              out.sections.size() * sizeof(Elf64_Shdr));
  for (const Elf64_Shdr& section : out.sections) {
    if (section.sh_type != SHT_NOBITS && !inside(elf, section.sh_offset, section.sh_size)) {
      return std::nullopt;
    }
  }
  return out;
}

bool is_unused(ByteView names, const Elf64_Shdr& section) {
  if (section.sh_name >= names.size()) return false;
  const std::string_view rest = as_text(names.subspan(section.sh_name));
  const std::string_view name = rest.substr(0, rest.find('\0'));
  return std::find(kUnused.begin(), kUnused.end(), name) != kUnused.end();
}

void append(Bytes& out, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

void align(Bytes& out, std::uint64_t to) { out.resize((out.size() + to - 1) / to * to); }

}  // namespace

Bytes slim(ByteView elf) {
  Bytes as_it_is(elf.begin(), elf.end());
  const auto parts = read_parts(elf);
  if (!parts) return as_it_is;
  const Elf64_Shdr& strings = parts->sections[parts->head.e_shstrndx];
  const ByteView names = elf.subspan(strings.sh_offset, strings.sh_size);
  Elf64_Ehdr head = parts->head;
  Bytes out;
  out.reserve(elf.size());
  append(out, &head, sizeof head);
  std::vector<Elf64_Shdr> kept;
  for (std::size_t i = 0; i < parts->sections.size(); ++i) {
    Elf64_Shdr section = parts->sections[i];
    if (is_unused(names, section)) continue;
    // Numbers of other sections would no longer be right.
    if (section.sh_link != 0 || section.sh_info != 0 || section.sh_type == SHT_NOBITS ||
        section.sh_addralign > kMostAlignment) {
      return as_it_is;
    }
    if (i == parts->head.e_shstrndx) head.e_shstrndx = static_cast<Elf64_Half>(kept.size());
    if (section.sh_type != SHT_NULL) {
      align(out, std::max<std::uint64_t>(section.sh_addralign, 1));
      const std::uint64_t at = out.size();
      append(out, elf.data() + section.sh_offset, section.sh_size);
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
