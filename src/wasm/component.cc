#include "wasm/component.h"

#include <utility>

#include <fmt/format.h>

#include "wasm/reader.h"
#include "wasm/sections.h"
#include "wasm/toolchain.h"

namespace ferry::wasm {
namespace {

constexpr std::uint8_t kCoreModule = 1;
constexpr std::uint8_t kImportSection = 10;
constexpr std::uint8_t kExportSection = 11;
constexpr std::uint8_t kLastSection = 12;  // values

void skip_extern_desc(Reader& reader) {
  const std::size_t start = reader.offset();
  std::uint8_t kind = reader.byte();
  switch (kind) {
    case 0x00:  // core module
      reader.byte();
      reader.u32();
      break;
    case 0x02:  // value: of an index, or of a type
      reader.byte();
      reader.s33();
      break;
    case 0x03:  // type: equal to an index, or a fresh resource
      if (reader.byte() == 0x00) {
        reader.u32();
      }
      break;
    case 0x01:  // function
    case 0x04:  // component
    case 0x05:  // instance
      reader.u32();
      break;
    default:
      if (reader.ok()) {
        reader.fail_at(start, fmt::format("unknown kind of import or export 0x{:02x}", kind));
      }
  }
}

void note_imports(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("imports", kMaxImports);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    binary.component_imports.emplace_back(read_extern_name(reader));
    skip_extern_desc(reader);
  }
}

void note_exports(Reader& reader, Binary& binary) {
  std::uint32_t count = reader.count("exports", kMaxExports);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    binary.component_exports.emplace_back(read_extern_name(reader));
    if (reader.byte() == 0x00) {  // the sort; a core sort has a second byte
      reader.byte();
    }
    reader.u32();
    if (reader.byte() != 0x00) {
      skip_extern_desc(reader);
    }
  }
}

void append_producers(ByteView section, Binary& binary) {
  const auto producers = read_producers(section);
  binary.producers.insert(binary.producers.end(), producers.begin(), producers.end());
}

// The producers of an inner module, whose other sections are passed over.
void read_inner_producers(ByteView module, Binary& binary) {
  Reader reader(module);
  reader.skip(8);
  while (!reader.done()) {
    RawSection raw = next_section(reader);
    Reader inside(raw.contents);
    if (reader.ok() && raw.id == 0 && inside.name() == "producers") {
      append_producers(raw.contents.subspan(inside.position()), binary);
    }
  }
}

}  // namespace

std::string_view read_extern_name(Reader& reader) {
  const std::size_t start = reader.offset();
  const std::uint8_t kind = reader.byte();
  const std::string_view name = reader.name();
  if (kind == 2) {
    const std::uint32_t options = reader.count("name options", 16);
    for (std::uint32_t i = 0; i < options && reader.ok(); ++i) {
      reader.byte();
      reader.name();
    }
  } else if (reader.ok() && kind > 2) {
    reader.fail_at(start, fmt::format("unknown kind of name 0x{:02x}", kind));
  }
  return name;
}

Status read_component_sections(ByteView wasm, Binary& binary) {
  Reader reader(wasm);
  reader.skip(8);
  bool seen_module = false;
  while (!reader.done()) {
    const std::size_t start = reader.offset();
    RawSection raw = next_section(reader);
    if (reader.ok() && raw.id > kLastSection) {
      reader.fail_at(start, fmt::format("unknown component section {}", raw.id));
    }
    if (!reader.ok()) {
      return reader.error();
    }
    Section section{raw.id, "", raw.offset, raw.contents.size()};
    Reader inside(raw.contents, raw.offset);
    if (raw.id == 0) {
      section.name = inside.name();
      if (inside.ok() && section.name == "producers") {
        append_producers(raw.contents.subspan(inside.position()), binary);
      }
    } else if (raw.id == kCoreModule) {
      // The first one is the function's own; adapters have producers too.
      if (!std::exchange(seen_module, true)) read_inner_producers(raw.contents, binary);
    } else if (raw.id == kImportSection) {
      note_imports(inside, binary);
    } else if (raw.id == kExportSection) {
      note_exports(inside, binary);
    }
    if (!inside.ok()) {
      return inside.error();
    }
    binary.sections.push_back(std::move(section));
  }
  return Done{};
}

}  // namespace ferry::wasm
