#include "component/section.h"

#include <fmt/format.h>

#include "wasm/reader.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::component {
namespace {

// Bits of an import's flags.
constexpr std::uint32_t kAllocates = 1;
constexpr std::uint32_t kAsync = 2;

}  // namespace

Bytes write_section(const Description& description) {
  Bytes out;
  wasm::put_u32(out, kLoweredVersion);
  wasm::put_u32(out, description.is_http ? 0 : 1);
  wasm::put_u32(out, description.generation == Generation::kWasi02 ? 2 : 3);
  wasm::put_name(out, description.interface);
  wasm::put_name(out, description.function);
  wasm::put_name(out, description.digest);
  wasm::put_u32(out, static_cast<std::uint32_t>(description.size));
  wasm::put_u32(out, description.core_modules);
  wasm::put_u32(out, static_cast<std::uint32_t>(description.imports.size()));
  for (const LoweredImport& import : description.imports) {
    wasm::put_name(out, import.module);
    wasm::put_name(out, import.field);
    wasm::put_name(out, import.interface);
    wasm::put_name(out, import.function);
    out.push_back(static_cast<std::uint8_t>(import.encoding));
    wasm::put_u32(out, (import.allocates ? kAllocates : 0) | (import.is_async ? kAsync : 0));
  }
  return out;
}

Result<Description> read_section(ByteView contents) {
  wasm::Reader reader(contents);
  Description out;
  if (const std::uint32_t version = reader.u32(); reader.ok() && version != kLoweredVersion) {
    return Error{Code::kUnsupported,
                 fmt::format("it was lowered by another version of ferry ({}, here {})", version,
                             kLoweredVersion),
                 "give the component that it was made from"};
  }
  const std::uint32_t kind = reader.u32();
  const std::uint32_t generation = reader.u32();
  if (reader.ok() && (kind > 1 || generation < 2 || generation > 3)) {
    reader.fail("an unknown kind of component");
  }
  out.is_http = kind == 0;
  out.generation = generation == 2 ? Generation::kWasi02 : Generation::kWasi03;
  out.interface = reader.name();
  out.function = reader.name();
  out.digest = reader.name();
  out.size = reader.u32();
  out.core_modules = reader.u32();
  const std::uint32_t count = reader.count("imports", wasm::kMaxImports);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    LoweredImport import;
    import.module = reader.name();
    import.field = reader.name();
    import.interface = reader.name();
    import.function = reader.name();
    const std::uint8_t encoding = reader.byte();
    if (reader.ok() && encoding > 2) reader.fail("an unknown string encoding");
    import.encoding = static_cast<Encoding>(encoding);
    const std::uint32_t flags = reader.u32();
    import.allocates = (flags & kAllocates) != 0;
    import.is_async = (flags & kAsync) != 0;
    out.imports.push_back(std::move(import));
  }
  if (reader.ok() && !reader.done()) reader.fail("bytes too many");
  if (!reader.ok()) return with_context(reader.error(), "its section ferry:component");
  return out;
}

Result<std::optional<Description>> find_section(ByteView wasm, const wasm::Binary& binary) {
  for (const wasm::Section& section : binary.sections) {
    if (section.id != 0 || section.name != kSectionName) continue;
    wasm::Reader reader(wasm.subspan(section.offset, section.size), section.offset);
    reader.name();
    FERRY_TRY(Description found, read_section(wasm.subspan(section.offset + reader.position(),
                                                           section.size - reader.position())));
    return std::optional<Description>(std::move(found));
  }
  return std::optional<Description>();
}

}  // namespace ferry::component
