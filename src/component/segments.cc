#include "component/segments.h"

#include <fmt/format.h>

#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::component {
namespace {

using wasm::Reader;

// Bits of an element segment's flags (core 2.0, 5.5.12).
constexpr std::uint32_t kNotActive = 1;
constexpr std::uint32_t kExplicit = 2;  // a table's index, or declarative
constexpr std::uint32_t kExpressions = 4;

constexpr std::uint32_t kMaxElements = 10'000'000;

Status finished(Reader& reader) {
  if (reader.ok() && !reader.done()) {
    reader.fail(fmt::format("{} bytes too many in a section", reader.left()));
  }
  if (!reader.ok()) return reader.error();
  return Done{};
}

std::optional<std::uint32_t> at(const std::vector<std::uint32_t>& map, std::uint32_t index) {
  if (index < map.size()) return map[index];
  return std::nullopt;
}

void element_segment(Reader& reader, const IndexMap& map, const ConstantScope& scope, Bytes& out) {
  const std::size_t start = reader.offset();
  const std::uint32_t flags = reader.u32();
  if (reader.ok() && flags > 7) {
    reader.fail_at(start, fmt::format("unknown kind of element segment {}", flags));
    return;
  }
  const bool is_active = (flags & kNotActive) == 0;
  const bool says_more = (flags & kExplicit) != 0;
  const bool expressions = (flags & kExpressions) != 0;
  std::uint8_t type = expressions ? 0x70 : 0x00;
  if (is_active) {
    const auto table = at(map.tables, says_more ? reader.u32() : 0);
    if (!table) {
      reader.fail_at(start, "an element segment for a table that there is not");
      return;
    }
    const Constant place = read_constant(reader, scope);
    if (says_more) type = reader.byte();
    // The short form is for table 0 and functions.
    const bool is_short = *table == 0 && type == (expressions ? 0x70 : 0x00);
    wasm::put_u32(out, (expressions ? kExpressions : 0) | (is_short ? 0 : kExplicit));
    if (!is_short) wasm::put_u32(out, *table);
    put_constant(out, place);
    if (!is_short) out.push_back(type);
  } else {
    type = reader.byte();
    wasm::put_u32(out, flags);
    out.push_back(type);
  }
  const std::uint32_t count = reader.count("elements", kMaxElements);
  wasm::put_u32(out, count);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    if (expressions) {
      put_constant(out, read_constant(reader, scope));
      continue;
    }
    const auto function = at(map.funcs, reader.u32());
    if (!function) {
      reader.fail("an element that is not a function");
      return;
    }
    wasm::put_u32(out, *function);
  }
}

}  // namespace

std::uint32_t count_segments(ByteView contents) {
  Reader reader(contents);
  return contents.empty() ? 0 : reader.count("segments", wasm::kMaxSegments);
}

bool has_elements(ByteView contents) { return count_segments(contents) != 0; }

bool has_active_data(ByteView contents) {
  Reader reader(contents);
  std::uint32_t count = contents.empty() ? 0 : reader.u32();
  for (; count > 0 && reader.ok(); --count) {
    if (reader.u32() != 1) return true;
    reader.skip(reader.u32());
  }
  return false;
}

Status merge_elements(ByteView contents, std::size_t offset, const IndexMap& map,
                      const ConstantScope& scope, Bytes& out) {
  Reader reader(contents, offset);
  const std::uint32_t count = reader.count("element segments", wasm::kMaxSegments);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    element_segment(reader, map, scope, out);
  }
  return finished(reader);
}

Status merge_data(ByteView contents, std::size_t offset, const ConstantScope& scope, Bytes& out) {
  constexpr std::uint32_t kPassive = 1;
  constexpr std::uint32_t kActiveIn = 2;
  Reader reader(contents, offset);
  const std::uint32_t count = reader.count("data segments", wasm::kMaxSegments);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::size_t start = reader.offset();
    const std::uint32_t flags = reader.u32();
    if (reader.ok() && (flags > kActiveIn || (flags == kActiveIn && reader.u32() != 0))) {
      reader.fail_at(start, "a data segment of an unknown kind, or for a second memory");
    }
    if (!reader.ok()) break;
    wasm::put_u32(out, flags == kPassive ? kPassive : 0);
    if (flags != kPassive) put_constant(out, read_constant(reader, scope));
    const std::uint32_t size = reader.u32();
    const ByteView bytes = reader.bytes(size);
    wasm::put_u32(out, static_cast<std::uint32_t>(bytes.size()));
    wasm::put_bytes(out, bytes);
  }
  return finished(reader);
}

}  // namespace ferry::component
