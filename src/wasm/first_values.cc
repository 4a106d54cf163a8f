#include "wasm/first_values.h"

#include <vector>

#include <fmt/format.h>

#include "wasm/const_expr.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

constexpr std::uint64_t kPage = 65536;
constexpr std::uint32_t kMaxElements = 10'000'000;

void put_const(Bytes& out, const ConstValue& value) {
  if (value.is_i64) {
    out.push_back(0x42);  // i64.const
    put_s64(out, static_cast<std::int64_t>(*value.bits));
  } else {
    out.push_back(0x41);  // i32.const
    put_s64(out, static_cast<std::int32_t>(static_cast<std::uint32_t>(*value.bits)));
  }
  out.push_back(0x0B);
}

class Calculation {
 public:
  Calculation(ByteView wasm, const Binary& binary) : wasm_(wasm), binary_(binary) {}

  Result<FirstValues> run() {
    for (const Import& import : binary_.imports) {
      if (import.kind == ExternKind::kGlobal) {
        globals_.emplace_back();
      }
    }
    for (const Section& section : binary_.sections) {
      switch (static_cast<SectionId>(section.id)) {
        case SectionId::kGlobal:
          FERRY_CHECK_OK(rewrite(section, "globals", kMaxGlobals, &Calculation::global));
          break;
        case SectionId::kElement:
          FERRY_CHECK_OK(
              rewrite(section, "element segments", kMaxSegments, &Calculation::elements));
          break;
        case SectionId::kData:
          FERRY_CHECK_OK(rewrite(section, "data segments", kMaxSegments, &Calculation::data));
          break;
        default:
          break;
      }
    }
    return std::move(out_);
  }

 private:
  using Each = void (Calculation::*)(Reader&, Edit&);

  Status rewrite(const Section& section, std::string_view what, std::uint32_t most, Each each) {
    const ByteView contents = wasm_.subspan(section.offset, section.size);
    Reader reader(contents, section.offset);
    Bytes out;
    Edit edit(contents, out);
    for (std::uint32_t left = reader.count(what, most); left > 0 && reader.ok(); --left) {
      (this->*each)(reader, edit);
    }
    if (reader.ok() && !reader.done()) {
      reader.fail(fmt::format("{} bytes too many in section {}", reader.left(), section.id));
    }
    if (!reader.ok()) {
      return reader.error();
    }
    if (edit.touched()) {
      edit.finish();
      out_.sections[static_cast<SectionId>(section.id)] = std::move(out);
    }
    return Done{};
  }

  void global(Reader& reader, Edit& edit) {
    const GlobalType type = read_global_type(reader);
    const std::size_t begin = reader.position();
    ConstValue value = read_const_expr(reader, globals_);
    if (value.calculated && value.bits && reader.ok()) {
      put_const(edit.replace(begin, reader.position()), value);
    }
    if (type.is_mutable) {
      value.bits.reset();  // no constant expression may read it
    }
    globals_.push_back(value);
  }

  struct Offset {
    std::size_t begin = 0;  // of its expression
    std::size_t end = 0;
    ConstValue value;
  };

  Offset offset(Reader& reader) const {
    Offset out;
    out.begin = reader.position();
    out.value = read_const_expr(reader, globals_);
    out.end = reader.position();
    return out;
  }

  // `begin`: where the length of the segment's content is; the reader is at its end.
  void finish(const Reader& reader, Edit& edit, const Offset& at, std::size_t begin,
              std::uint64_t length, std::uint64_t room, StartTrap trap) {
    if (!at.value.bits) {
      return;
    }
    if (*at.value.bits <= room && length <= room - *at.value.bits) {
      if (at.value.calculated) {
        put_const(edit.replace(at.begin, at.end), at.value);
      }
      return;
    }
    // Even an empty segment past the end is a trap.
    put_const(edit.replace(at.begin, at.end), {0, at.value.is_i64, false});
    edit.replace(begin, reader.position()).push_back(0);
    if (out_.trap != StartTrap::kTable) {
      out_.trap = trap;
    }
  }

  void elements(Reader& reader, Edit& edit) {
    const std::size_t start = reader.offset();
    const std::uint32_t flags = reader.u32();
    if (reader.ok() && flags > 7) {
      reader.fail_at(start, fmt::format("unknown kind of element segment {}", flags));
      return;
    }
    const bool active = (flags & 1) == 0;
    const bool says_more = (flags & 2) != 0;
    std::uint32_t table = 0;
    Offset at;
    if (active) {
      table = says_more ? reader.u32() : 0;
      at = offset(reader);
    }
    if (!active || says_more) {
      reader.byte();  // the kind or type of its elements
    }
    const std::size_t begin = reader.position();
    const std::uint32_t count = reader.count("elements", kMaxElements);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      if ((flags & 4) != 0) {
        walk_const_expr(reader, nullptr);
      } else {
        reader.u32();
      }
    }
    if (active && reader.ok() && table < binary_.tables.size()) {
      finish(reader, edit, at, begin, count, binary_.tables[table].minimum, StartTrap::kTable);
    }
  }

  void data(Reader& reader, Edit& edit) {
    const std::uint32_t flags = reader.u32();
    if (flags == 2) {
      reader.u32();  // the memory
    }
    Offset at;
    if (flags != 1) {
      at = offset(reader);
    }
    const std::size_t begin = reader.position();
    const std::uint32_t size = reader.u32();
    reader.skip(size);
    if (flags != 1 && reader.ok() && !binary_.memories.empty()) {
      finish(reader, edit, at, begin, size, binary_.memories[0].minimum * kPage,
             StartTrap::kMemory);
    }
  }

  ByteView wasm_;
  const Binary& binary_;
  std::vector<ConstValue> globals_;  // in the index space: imported ones first
  FirstValues out_;
};

}  // namespace

Result<FirstValues> calculate_first_values(ByteView wasm, const Binary& binary) {
  return Calculation(wasm, binary).run();
}

}  // namespace ferry::wasm
