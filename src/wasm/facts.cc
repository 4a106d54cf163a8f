// CodeFacts: what a module uses, from its code and from the sections around it.
#include "wasm/facts.h"

#include <algorithm>

#include <fmt/format.h>

#include "wasm/code.h"
#include "wasm/const_expr.h"
#include "wasm/renumber.h"
#include "wasm/sections.h"

namespace ferry::wasm {
namespace {

bool is_reference(ValType type) { return type == ValType::kFuncref || type == ValType::kExternref; }

void note_type(ValType type, CodeFacts& facts) {
  facts.uses_simd |= type == ValType::kV128;
  facts.uses_reference_types |= is_reference(type);
  facts.uses_externref |= type == ValType::kExternref;
}

void note_data(const Section& section, ByteView wasm, CodeFacts& facts) {
  Reader reader(wasm.subspan(section.offset, section.size), section.offset);
  std::uint32_t count = reader.count("data segments", kMaxSegments);
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    std::uint32_t flags = reader.u32();
    facts.uses_bulk_memory |= flags != 0;
    if (flags == 2) {
      reader.u32();
    }
    if (flags != 1) {
      walk_const_expr(reader, nullptr);
    }
    reader.skip(reader.u32());
  }
}

// Tables that carry an initial value (typed function references) are refused with their offset.
Status note_tables(const Section& section, ByteView wasm, CodeFacts& facts) {
  Reader reader(wasm.subspan(section.offset, section.size), section.offset);
  std::uint32_t count = reader.count("tables", kMaxTables);
  facts.uses_reference_types |= count > 1;
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const ValType element = read_table_type(reader).element;
    facts.uses_reference_types |= element != ValType::kFuncref;
    facts.uses_externref |= element == ValType::kExternref;
  }
  if (!reader.ok()) {
    return reader.error();
  }
  return Done{};
}

}  // namespace

Status note_sections(ByteView wasm, const Binary& binary, CodeFacts& facts) {
  for (const FuncType& type : binary.types) {
    facts.uses_multi_value |= type.results.size() > 1;
    for (ValType value : type.params) {
      note_type(value, facts);
    }
    for (ValType value : type.results) {
      note_type(value, facts);
    }
  }
  for (const GlobalType& global : binary.globals) {
    note_type(global.type, facts);
    facts.has_opaque_globals |=
        global.is_mutable && (global.type == ValType::kV128 || is_reference(global.type));
  }
  facts.uses_threads |= std::any_of(binary.memories.begin(), binary.memories.end(),
                                    [](const MemoryType& memory) { return memory.shared; });
  for (const Section& section : binary.sections) {
    switch (static_cast<SectionId>(section.id)) {
      case SectionId::kTag:
        facts.uses_exceptions = true;
        break;
      case SectionId::kData:
        note_data(section, wasm, facts);
        break;
      case SectionId::kTable:
        FERRY_CHECK_OK(note_tables(section, wasm, facts));
        break;
      case SectionId::kElement: {
        std::uint8_t kinds = 0;
        FERRY_CHECK_OK([&]() -> Status {
          FERRY_TRY(Bytes unused, renumber_elements(wasm.subspan(section.offset, section.size),
                                                    section.offset, CodePlan{}, &kinds));
          return Done{};
        }());
        facts.uses_bulk_memory |= (kinds & ~1u) != 0;
        facts.uses_reference_types |= (kinds & ~3u) != 0;
        break;
      }
      default:
        break;
    }
  }
  return Done{};
}

Result<CodeFacts> read_code_facts(ByteView wasm, const Binary& binary) {
  CodeFacts facts;
  FERRY_CHECK_OK(note_sections(wasm, binary, facts));
  Bytes unused;
  for (const Section& section : binary.sections) {
    if (section.id == static_cast<std::uint8_t>(SectionId::kCode)) {
      FERRY_CHECK_OK(walk_code(wasm.subspan(section.offset, section.size), section.offset, binary,
                               CodePlan{}, facts, unused));
    }
  }
  return facts;
}

}  // namespace ferry::wasm
