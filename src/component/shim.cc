#include "component/shim.h"

#include <algorithm>
#include <optional>

#include "wasm/instruction.h"
#include "wasm/sections.h"

namespace ferry::component {
namespace {

using wasm::Reader;

// (local.get 0) … (local.get n-1) (i32.const slot) (call_indirect (type of the function) 0) end.
std::optional<std::uint32_t> slot_of(ByteView body, std::uint32_t type, const wasm::FuncType& is) {
  Reader reader(body);
  if (reader.u32() != 0) return std::nullopt;  // locals
  for (std::uint32_t i = 0; i < is.params.size(); ++i) {
    if (reader.byte() != 0x20 || reader.u32() != i) return std::nullopt;
  }
  if (reader.byte() != 0x41) return std::nullopt;
  const auto slot = static_cast<std::uint32_t>(reader.s32());
  if (reader.byte() != wasm::op::kCallIndirect || reader.u32() != type || reader.u32() != 0 ||
      reader.byte() != wasm::op::kEnd || !reader.ok() || !reader.done()) {
    return std::nullopt;
  }
  return slot;
}

// The table's slot that each function goes through; none where the module is not a shim.
std::optional<std::vector<std::uint32_t>> read_shim(const Linked& linked) {
  const wasm::Binary& binary = linked.binary;
  if (!binary.imports.empty() || binary.tables.size() != 1 || !binary.memories.empty() ||
      !binary.globals.empty() || binary.start || binary.functions.empty() ||
      !linked.contents(wasm::SectionId::kElement).empty()) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> slots;
  Reader reader(linked.contents(wasm::SectionId::kCode));
  reader.u32();
  for (const std::uint32_t type : binary.functions) {
    const ByteView body = reader.bytes(reader.u32());
    const auto slot = slot_of(body, type, binary.types[type]);
    if (!reader.ok() || !slot) return std::nullopt;
    slots.push_back(*slot);
  }
  return slots;
}

// What the fixup puts into the table: a function of its index space by slot. None where the module
// does more than that.
std::optional<std::vector<std::uint32_t>> read_fixup(const Linked& linked) {
  const wasm::Binary& binary = linked.binary;
  if (!binary.functions.empty() || binary.tables.size() != 1 || !binary.memories.empty() ||
      !binary.globals.empty() || !linked.contents(wasm::SectionId::kData).empty()) {
    return std::nullopt;
  }
  Reader reader(linked.contents(wasm::SectionId::kElement));
  if (reader.u32() != 1 || reader.u32() != 0 || reader.byte() != 0x41 || reader.s32() != 0 ||
      reader.byte() != 0x0B) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> functions;
  for (std::uint32_t left = reader.count("elements", wasm::kMaxFunctions); left > 0; --left) {
    functions.push_back(reader.u32());
  }
  const bool all = std::ranges::all_of(
      functions, [&](std::uint32_t index) { return index < linked.funcs.size(); });
  if (!reader.ok() || !reader.done() || !all) return std::nullopt;
  return functions;
}

// Where calls of the shim's functions go; none where one would trap or come back to the shim.
std::optional<std::vector<CoreDef>> find_targets(const Graph& graph, std::uint32_t shim,
                                                 std::uint32_t fixup,
                                                 const std::vector<std::uint32_t>& slots,
                                                 const std::vector<std::uint32_t>& filled) {
  const Linked& from = graph.linked()[fixup];
  const wasm::Binary& binary = graph.linked()[shim].binary;
  std::vector<CoreDef> targets;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i] >= filled.size()) return std::nullopt;
    const CoreDef target = from.funcs[filled[slots[i]]];
    if (!target.is_canon && target.instance == shim) return std::nullopt;
    const wasm::FuncType* type = graph.type_of(target);
    if (type != nullptr && !(*type == binary.types[binary.functions[i]])) return std::nullopt;
    targets.push_back(target);
  }
  return targets;
}

void dissolve(Graph& graph, std::uint32_t shim, const std::vector<std::uint32_t>& slots) {
  const CoreDef table{false, shim, 0};
  std::optional<std::uint32_t> fixup;
  for (std::uint32_t i = 0; i < graph.linked().size(); ++i) {
    if (std::ranges::find(graph.linked()[i].tables, table) == graph.linked()[i].tables.end()) {
      continue;
    }
    if (fixup) return;  // two that see the table
    fixup = i;
  }
  if (!fixup) return;
  const auto filled = read_fixup(graph.linked()[*fixup]);
  if (!filled) return;
  auto targets = find_targets(graph, shim, *fixup, slots, *filled);
  if (!targets) return;
  graph.linked()[shim].dissolved = true;
  graph.linked()[*fixup].dissolved = true;
  graph.redirect(shim, std::move(*targets));
}

}  // namespace

void dissolve_shims(Graph& graph) {
  for (std::uint32_t i = 0; i < graph.linked().size(); ++i) {
    if (const auto slots = read_shim(graph.linked()[i])) dissolve(graph, i, *slots);
  }
}

}  // namespace ferry::component
