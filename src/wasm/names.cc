#include "wasm/names.h"

#include "wasm/module_edit.h"
#include "wasm/reader.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

constexpr std::uint8_t kFunctionNames = 1;

}  // namespace

std::vector<std::string_view> read_function_names(ByteView wasm, const Binary& binary) {
  const std::size_t total = imported_functions(binary) + binary.functions.size();
  std::vector<std::string_view> names;
  for (const Section& section : binary.sections) {
    if (section.id != 0 || section.name != "name") {
      continue;
    }
    // The section's contents begin with its own name.
    Reader reader(wasm.subspan(section.offset, section.size), section.offset);
    reader.name();
    while (reader.ok() && !reader.done()) {
      const std::uint8_t kind = reader.byte();
      Reader part(reader.bytes(reader.u32()));
      if (kind != kFunctionNames || !reader.ok()) {
        continue;
      }
      std::vector<std::string_view> found(total);
      for (std::uint32_t left = part.u32(); left > 0 && part.ok(); --left) {
        const std::uint32_t index = part.u32();
        const std::string_view name = part.name();
        if (part.ok() && index < total) {
          found[index] = name;
        }
      }
      if (part.ok()) {
        names = std::move(found);
      }
    }
  }
  return names;
}

void put_function_names(Bytes& out, const std::vector<std::string_view>& names,
                        const CodePlan& plan) {
  Bytes map;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) {
      put_u32(map, moved(plan, i));
      put_name(map, names[i]);
      ++count;
    }
  }
  if (count == 0) {
    return;
  }
  Bytes part;
  put_u32(part, count);
  put_bytes(part, map);
  Bytes section;
  put_name(section, "name");
  put_section(section, kFunctionNames, part);
  put_section(out, static_cast<std::uint8_t>(SectionId::kCustom), section);
}

Bytes without_custom_sections(ByteView wasm, const Binary& binary) {
  Bytes out;
  out.reserve(wasm.size());
  put_bytes(out, wasm.subspan(0, 8));  // the magic number and the version
  for (const Section& section : binary.sections) {
    if (section.id != static_cast<std::uint8_t>(SectionId::kCustom)) {
      put_section(out, section.id, wasm.subspan(section.offset, section.size));
    }
  }
  put_function_names(out, read_function_names(wasm, binary), CodePlan{});
  return out;
}

}  // namespace ferry::wasm
