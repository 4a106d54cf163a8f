#include "wasm/trapping_function.h"

#include <algorithm>

#include "wasm/binary.h"
#include "wasm/instruction.h"
#include "wasm/reader.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::wasm {
namespace {

constexpr std::uint8_t kFunctionType = 0x60;

// A section that is a vector, with an element more.
Bytes with_element(ByteView section, std::initializer_list<std::uint8_t> element) {
  Reader reader(section, 0);
  const std::uint32_t count = reader.u32();
  Bytes out;
  out.reserve(section.size() + element.size() + 1);
  put_u32(out, count + 1);
  put_bytes(out, section.subspan(reader.position()));
  put_bytes(out, element);
  return out;
}

}  // namespace

std::optional<Bytes> with_trapping_function(ByteView wasm) {
  const auto binary = read_binary(wasm);
  if (!binary.ok() || binary->component || binary->functions.empty()) return std::nullopt;
  Bytes index;
  put_u32(index, static_cast<std::uint32_t>(binary->types.size()));
  Bytes out = {wasm.begin(), wasm.begin() + kModuleHeader};
  out.reserve(wasm.size() + 32);
  for (const Section& section : binary->sections) {
    const ByteView content = wasm.subspan(section.offset, section.size);
    switch (static_cast<SectionId>(section.id)) {
      case SectionId::kType:
        put_section(out, section.id, with_element(content, {kFunctionType, 0, 0}));
        break;
      case SectionId::kFunction: {
        Bytes functions = with_element(content, {});
        put_bytes(functions, index);
        put_section(out, section.id, functions);
        break;
      }
      case SectionId::kCode:
        put_section(out, section.id, with_element(content, {3, 0, op::kUnreachable, op::kEnd}));
        break;
      default:
        put_section(out, section.id, content);
        break;
    }
  }
  return out;
}

}  // namespace ferry::wasm
