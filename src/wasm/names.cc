#include "wasm/names.h"

#include "wasm/module_edit.h"
#include "wasm/reader.h"

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

}  // namespace ferry::wasm
