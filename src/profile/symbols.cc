#include "profile/symbols.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include <elf.h>

namespace ferry::profile {
namespace {

constexpr std::string_view kMark = "::function[";

bool inside(ByteView file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() && size <= file.size() - offset;
}

template <typename T>
T read_at(ByteView file, std::uint64_t offset) {
  T out{};
  std::memcpy(&out, file.data() + offset, sizeof out);
  return out;
}

Error no_symbols() {
  return {Code::kUnsupported, "this engine's compiled code does not say which function it is of",
          "profile with --engine wasmtime"};
}

std::optional<std::uint32_t> function_of(std::string_view name) {
  const std::size_t at = name.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view number = name.substr(at + kMark.size());
  std::uint32_t index = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), index);
  if (read.ec != std::errc() || read.ptr == number.data() + number.size() || *read.ptr != ']') {
    return std::nullopt;
  }
  return index;
}

std::string_view text_at(ByteView strings, std::uint64_t at) {
  if (at >= strings.size()) return {};
  const std::string_view rest = as_text(strings.subspan(at));
  return rest.substr(0, rest.find('\0'));
}

}  // namespace

Result<Symbols> Symbols::read(ByteView elf) {
  if (elf.size() < sizeof(Elf64_Ehdr)) return no_symbols();
  const auto head = read_at<Elf64_Ehdr>(elf, 0);
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_shentsize != sizeof(Elf64_Shdr) ||
      !inside(elf, head.e_shoff, std::uint64_t{head.e_shnum} * sizeof(Elf64_Shdr))) {
    return no_symbols();
  }
  const auto section = [&](std::size_t index) {
    return read_at<Elf64_Shdr>(elf, head.e_shoff + index * sizeof(Elf64_Shdr));
  };
  std::optional<std::size_t> code;
  std::optional<std::size_t> table;
  for (std::size_t i = 0; i < head.e_shnum; ++i) {
    const Elf64_Shdr each = section(i);
    if (each.sh_type == SHT_PROGBITS && (each.sh_flags & SHF_EXECINSTR) != 0) code = i;
    if (each.sh_type == SHT_SYMTAB) table = i;
  }
  if (!code || !table || section(*table).sh_link >= head.e_shnum) return no_symbols();
  const Elf64_Shdr text = section(*code);
  const Elf64_Shdr symbols = section(*table);
  const Elf64_Shdr strings = section(symbols.sh_link);
  if (!inside(elf, text.sh_offset, text.sh_size) ||
      !inside(elf, symbols.sh_offset, symbols.sh_size) ||
      !inside(elf, strings.sh_offset, strings.sh_size)) {
    return no_symbols();
  }
  Symbols out;
  out.begin_ = text.sh_offset;
  out.end_ = text.sh_offset + text.sh_size;
  const ByteView names = elf.subspan(strings.sh_offset, strings.sh_size);
  for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
    const auto each = read_at<Elf64_Sym>(elf, symbols.sh_offset + at);
    if (each.st_shndx != *code || ELF64_ST_TYPE(each.st_info) != STT_FUNC) continue;
    const auto function = function_of(text_at(names, each.st_name));
    const std::uint64_t place = each.st_value - text.sh_addr;
    if (!function || place > text.sh_size || each.st_size > text.sh_size - place) continue;
    out.symbols_.push_back({text.sh_offset + place, each.st_size, *function});
  }
  if (out.symbols_.empty()) return no_symbols();
  std::ranges::sort(out.symbols_, {}, &Symbol::offset);
  return out;
}

std::optional<std::uint32_t> Symbols::function_at(std::uint64_t offset) const {
  auto after = std::ranges::upper_bound(symbols_, offset, {}, &Symbol::offset);
  if (after == symbols_.begin()) return std::nullopt;
  const Symbol& found = *std::prev(after);
  if (offset - found.offset >= found.size) return std::nullopt;
  return found.function;
}

}  // namespace ferry::profile
