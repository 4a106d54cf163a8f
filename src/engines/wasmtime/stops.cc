#include "engines/wasmtime/stops.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "engines/wasmtime/elf_file.h"

namespace ferry::engine::wasmtime {
namespace {

// Wasmtime refuses sections that it does not know, except those of debuggers.
constexpr std::string_view kSection = ".debug_ferry_stops";
// Of the traps: so many entries share a block (wasmtime-environ 48, trap_encoding.rs).
constexpr std::size_t kTrapBlock = 128;

// One for each function, by where it begins, and for each other piece of code between them. The
// offsets are those in the code.
struct Entry {
  std::uint32_t begin = 0;
  std::uint32_t stop = 0;
};
constexpr std::uint32_t kNoGuest = UINT32_MAX;        // in place of `stop`: code of the engine's
constexpr std::uint32_t kElsewhere = UINT32_MAX - 1;  // has none: any other function's will do

Error unexpected(std::string_view what) {
  return {Code::kInternal,
          "wasmtime: an artifact is not of the expected shape: " + std::string(what), ""};
}

template <typename T>
T value_at(const std::uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

Entry entry_at(const std::uint8_t* table, std::size_t index) {
  return value_at<Entry>(table + index * sizeof(Entry));
}

class TrapReader {
 public:
  explicit TrapReader(ByteView bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::uint8_t byte() {
    ok_ &= at_ < bytes_.size();
    return ok_ ? bytes_[at_++] : 0;
  }
  std::uint32_t leb() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const std::uint8_t next = byte();
      value |= static_cast<std::uint32_t>(next & 0x7F) << shift;
      if ((next & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// The offsets of all instructions that may trap, in order.
std::optional<std::vector<std::uint32_t>> read_traps(ByteView section) {
  constexpr std::size_t kHead = 2 * sizeof(std::uint32_t);
  if (section.size() < kHead) return std::nullopt;
  const std::size_t count = value_at<std::uint32_t>(section.data());
  const std::size_t blocks = value_at<std::uint32_t>(section.data() + sizeof(std::uint32_t));
  if (blocks > (section.size() - kHead) / kHead || count > section.size() ||
      blocks != (count + kTrapBlock - 1) / kTrapBlock) {
    return std::nullopt;
  }
  const ByteView bodies = section.subspan(kHead + blocks * kHead);
  std::vector<std::uint32_t> out;
  out.reserve(count);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::uint8_t* index = section.data() + kHead + block * kHead;
    auto offset = value_at<std::uint32_t>(index);
    const std::size_t body = value_at<std::uint32_t>(index + sizeof offset);
    if (body > bodies.size()) return std::nullopt;
    TrapReader reader(bodies.subspan(body));
    reader.byte();  // the code that most of them have
    for (std::size_t i = 0; i < std::min(kTrapBlock, count - block * kTrapBlock); ++i) {
      const std::uint32_t token = reader.leb();
      offset += token >> 1;
      if ((token & 1) != 0) reader.byte();  // a code of its own
      out.push_back(offset);
    }
    if (!reader.ok()) return std::nullopt;
  }
  return out;
}

// Whether the instruction there does nothing but trap: others that may do so touch memory.
bool only_traps(ByteView code, std::uint32_t offset, Elf64_Half machine) {
  constexpr std::array<std::uint8_t, 2> kUd2{0x0F, 0x0B};
  constexpr std::array<std::uint8_t, 4> kUdf{0x1F, 0xC1, 0x00, 0x00};
  const ByteView wanted = machine == EM_X86_64 ? ByteView(kUd2) : ByteView(kUdf);
  return offset <= code.size() && wanted.size() <= code.size() - offset &&
         std::memcmp(code.data() + offset, wanted.data(), wanted.size()) == 0;
}

struct Piece {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool guest = false;
};

// What the code consists of, in order.
std::vector<Piece> read_pieces(const ElfFile& elf, const Elf64_Shdr& code) {
  std::vector<Piece> out;
  const Elf64_Shdr* symbols = elf.find(".symtab");
  if (symbols == nullptr || symbols->sh_link >= elf.sections.size()) return out;
  const ByteView names = elf.content(elf.sections[symbols->sh_link]);
  const ByteView table = elf.content(*symbols);
  for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= table.size(); at += sizeof(Elf64_Sym)) {
    const auto symbol = value_at<Elf64_Sym>(table.data() + at);
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx >= elf.sections.size() ||
        &elf.sections[symbol.st_shndx] != &code || symbol.st_name >= names.size()) {
      continue;
    }
    const std::string_view rest = as_text(names.subspan(symbol.st_name));
    const std::string_view name = rest.substr(0, rest.find('\0'));
    // "wasm[0]::function[17]::main"
    const bool guest =
        name.starts_with("wasm[") && name.substr(name.find(']') + 1).starts_with("::function[");
    out.push_back({symbol.st_value, symbol.st_value + symbol.st_size, guest});
  }
  std::ranges::sort(out, {}, &Piece::begin);
  return out;
}

Result<std::vector<Entry>> make_table(const ElfFile& elf, const Elf64_Shdr& section) {
  const ByteView code = elf.content(section);
  const std::vector<Piece> pieces = read_pieces(elf, section);
  const Elf64_Shdr* traps_section = elf.find(".wasmtime.traps");
  const auto traps =
      read_traps(traps_section == nullptr ? ByteView() : elf.content(*traps_section));
  if (pieces.empty() || code.size() >= kElsewhere || !traps)
    return unexpected("functions or traps");
  std::vector<Entry> out;
  out.reserve(pieces.size());
  auto trap = traps->begin();
  bool any = false;
  for (const Piece& piece : pieces) {
    if (piece.end < piece.begin || piece.end > code.size()) return unexpected("a function's place");
    Entry entry{static_cast<std::uint32_t>(piece.begin), kNoGuest};
    if (piece.guest) {
      entry.stop = kElsewhere;
      while (trap != traps->end() && *trap < piece.begin) ++trap;
      while (trap != traps->end() && *trap < piece.end && entry.stop == kElsewhere) {
        if (only_traps(code, *trap, elf.head.e_machine)) entry.stop = *trap;
        ++trap;
      }
      any |= entry.stop != kElsewhere;
    } else if (!out.empty() && out.back().stop == kNoGuest) {
      continue;
    }
    out.push_back(entry);
  }
  if (!any) return unexpected("no instruction traps");  // wasm/trapping_function.h adds one
  return out;
}

}  // namespace

Result<Bytes> with_stops(ByteView artifact) {
  const auto elf = read_elf(artifact);
  const Elf64_Shdr* code = elf ? elf->find(".text") : nullptr;
  if (code == nullptr) return unexpected("no code");
  FERRY_TRY(const std::vector<Entry> table, make_table(*elf, *code));
  // Behind what is there: the table, the names of sections with its own, the headers with its own.
  Bytes out(artifact.begin(), artifact.end());
  Elf64_Ehdr head = elf->head;
  std::vector<Elf64_Shdr> sections = elf->sections;
  const auto append = [&out](const void* data, std::size_t size) {
    out.resize((out.size() + alignof(Elf64_Shdr) - 1) / alignof(Elf64_Shdr) * alignof(Elf64_Shdr));
    const std::size_t at = out.size();
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    out.insert(out.end(), bytes, bytes + size);
    return at;
  };
  Elf64_Shdr own{};
  own.sh_type = SHT_PROGBITS;
  own.sh_addralign = alignof(Entry);
  own.sh_size = table.size() * sizeof(Entry);
  own.sh_offset = append(table.data(), own.sh_size);
  Elf64_Shdr& strings = sections[head.e_shstrndx];
  const ByteView old = elf->content(strings);
  Bytes names(old.begin(), old.end());
  own.sh_name = static_cast<Elf64_Word>(names.size());
  names.insert(names.end(), kSection.begin(), kSection.end());
  names.push_back(0);
  strings.sh_size = names.size();
  strings.sh_offset = append(names.data(), names.size());
  sections.push_back(own);
  head.e_shnum = static_cast<Elf64_Half>(sections.size());
  head.e_shoff = append(sections.data(), sections.size() * sizeof(Elf64_Shdr));
  std::memcpy(out.data(), &head, sizeof head);
  return out;
}

Result<Stops> Stops::read(ByteView image) {
  const auto elf = read_elf(image);
  const Elf64_Shdr* code = elf ? elf->find(".text") : nullptr;
  const Elf64_Shdr* table = elf ? elf->find(kSection) : nullptr;
  if (code == nullptr || table == nullptr) {
    return Error{Code::kInvalid, "wasmtime: the artifact has no table of its functions",
                 "make it again: it is of another version"};
  }
  Stops out;
  out.code_ = reinterpret_cast<std::uintptr_t>(elf->content(*code).data());
  out.code_size_ = code->sh_size;
  out.table_ = elf->content(*table).data();
  out.count_ = table->sh_size / sizeof(Entry);
  return out;
}

Stops::Stop Stops::find(std::uintptr_t pc) const {
  if (!is_code(pc)) return {};
  const auto offset = static_cast<std::uint32_t>(pc - code_);
  std::size_t low = 0;  // the first entry that begins behind it
  for (std::size_t high = count_; low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    if (entry_at(table_, middle).begin <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return {};
  const Entry entry = entry_at(table_, low - 1);
  if (entry.stop == kNoGuest) return {};
  if (entry.stop != kElsewhere) return {code_ + entry.stop, true};
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint32_t other = entry_at(table_, i).stop;
    if (other < kElsewhere) return {code_ + other, false};
  }
  return {};
}

}  // namespace ferry::engine::wasmtime
