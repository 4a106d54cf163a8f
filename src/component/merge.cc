#include "component/merge.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "component/constants.h"
#include "component/segments.h"
#include "wasm/entry_export.h"
#include "wasm/names.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::component {
namespace {

using wasm::ExternKind;
using wasm::Reader;
using wasm::SectionId;

constexpr std::uint8_t kFuncForm = 0x60;
constexpr std::uint8_t kFunctionNames = 1;
constexpr std::uint64_t kMostPages = 65536;
constexpr std::uint32_t kDeclarative = 3;  // an element segment that only names functions

// A section in the making: its entries, and how many they are.
struct Entries {
  std::uint32_t count = 0;
  Bytes bytes;
};

class Merging {
 public:
  Merging(const Graph& graph, const Entry& entry, Plan& plan)
      : graph_(graph), entry_(entry), plan_(plan) {}

  Result<Bytes> run();

 private:
  ByteView contents(const Linked& linked, SectionId id, std::size_t& offset) const;
  template <typename Each>
  Status for_each(Each each);
  void put(SectionId id, const Entries& entries);
  void types();
  void imports();
  void functions();
  Status tables_and_memories();
  Status globals();
  void exports();
  Status elements();
  Status code();
  Status data();
  void names();
  ConstantScope scope(std::size_t at);

  const Graph& graph_;
  const Entry& entry_;
  Plan& plan_;
  GeneratedFunctions generated_;
  std::uint64_t pages_ = 0;             // of the component's memory, at first
  std::vector<Constant> values_;        // of globals, in the merged module
  std::set<std::uint32_t> referenced_;  // by ref.func in code
  bool counts_data_ = false;
  Bytes code_;
  Bytes out_;
};

ByteView Merging::contents(const Linked& linked, SectionId id, std::size_t& offset) const {
  const ByteView found = linked.contents(id);
  if (!found.empty()) offset = static_cast<std::size_t>(found.data() - linked.wasm.data());
  return found;
}

// Of each module that is merged; its errors say which it was.
template <typename Each>
Status Merging::for_each(Each each) {
  for (std::size_t i = 0; i < graph_.linked().size(); ++i) {
    const Linked& linked = graph_.linked()[i];
    if (linked.dissolved) continue;
    Status done = each(i, linked);
    if (!done.ok()) {
      return with_context(std::move(done).error(), fmt::format("core module {}", linked.module));
    }
  }
  return Done{};
}

void Merging::put(SectionId id, const Entries& entries) {
  if (entries.count == 0) return;
  Bytes section;
  section.reserve(entries.bytes.size() + 5);
  wasm::put_u32(section, entries.count);
  wasm::put_bytes(section, entries.bytes);
  wasm::put_section(out_, static_cast<std::uint8_t>(id), section);
}

void Merging::types() {
  Entries entries;
  for (const wasm::FuncType& type : plan_.types) {
    entries.bytes.push_back(kFuncForm);
    for (const auto* values : {&type.params, &type.results}) {
      wasm::put_u32(entries.bytes, static_cast<std::uint32_t>(values->size()));
      for (const wasm::ValType value : *values) {
        entries.bytes.push_back(static_cast<std::uint8_t>(value));
      }
    }
    ++entries.count;
  }
  put(SectionId::kType, entries);
}

void Merging::imports() {
  Entries entries;
  for (const HostFunc& host : plan_.host) {
    wasm::put_name(entries.bytes, host.module);
    wasm::put_name(entries.bytes, host.field);
    entries.bytes.push_back(static_cast<std::uint8_t>(ExternKind::kFunc));
    wasm::put_u32(entries.bytes, host.type);
    ++entries.count;
  }
  put(SectionId::kImport, entries);
}

void Merging::functions() {
  Entries entries;
  for (std::size_t i = 0; i < graph_.linked().size(); ++i) {
    const Linked& linked = graph_.linked()[i];
    if (linked.dissolved) continue;
    for (const std::uint32_t type : linked.binary.functions) {
      wasm::put_u32(entries.bytes, plan_.maps[i].types[type]);
      ++entries.count;
    }
  }
  for (const Generated& each : generated_.list) {
    wasm::put_u32(entries.bytes, each.type);
    ++entries.count;
  }
  put(SectionId::kFunction, entries);
}

Status Merging::tables_and_memories() {
  Entries tables;
  Entries memories;
  FERRY_CHECK_OK(for_each([&](std::size_t, const Linked& linked) -> Status {
    std::size_t offset = 0;
    Reader reader(contents(linked, SectionId::kTable, offset));
    if (!reader.done()) {
      tables.count += reader.u32();
      wasm::put_bytes(tables.bytes, reader.bytes(reader.left()));
    }
    for (std::size_t i = linked.memories.size(); i < linked.binary.memories.size(); ++i) {
      const wasm::MemoryType& own = linked.binary.memories[i];
      const std::uint64_t most = own.maximum.value_or(kMostPages);
      pages_ = own.minimum;
      wasm::put_bytes(memories.bytes, {static_cast<std::uint8_t>(own.maximum ? 1 : 0)});
      wasm::put_u32(memories.bytes, static_cast<std::uint32_t>(
                                        std::max(pages_, std::min(most, pages_ + kRoomPages))));
      if (own.maximum) wasm::put_u32(memories.bytes, static_cast<std::uint32_t>(*own.maximum));
      ++memories.count;
    }
    return Done{};
  }));
  put(SectionId::kTable, tables);
  put(SectionId::kMemory, memories);
  return Done{};
}

ConstantScope Merging::scope(std::size_t at) {
  const IndexMap& map = plan_.maps[at];
  return {[this, &map](std::uint32_t global) -> const Constant* {
            if (global >= map.globals.size() || map.globals[global] >= values_.size()) {
              return nullptr;
            }
            return &values_[map.globals[global]];
          },
          [&map](std::uint32_t function) -> std::optional<std::uint32_t> {
            if (function >= map.funcs.size()) return std::nullopt;
            return map.funcs[function];
          }};
}

Status Merging::globals() {
  Entries entries;
  FERRY_CHECK_OK(for_each([&](std::size_t at, const Linked& linked) -> Status {
    std::size_t offset = 0;
    const ByteView bytes = contents(linked, SectionId::kGlobal, offset);
    if (bytes.empty()) return Done{};
    Reader reader(bytes, offset);
    const ConstantScope here = scope(at);
    const std::uint32_t count = reader.count("globals", wasm::kMaxGlobals);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      const wasm::GlobalType type = wasm::read_global_type(reader);
      Constant value = read_constant(reader, here);
      if (!reader.ok()) break;
      wasm::put_bytes(entries.bytes, {static_cast<std::uint8_t>(type.type),
                                      static_cast<std::uint8_t>(type.is_mutable ? 1 : 0)});
      put_constant(entries.bytes, value);
      ++entries.count;
      values_.push_back(std::move(value));
    }
    if (!reader.ok()) return reader.error();
    return Done{};
  }));
  for (std::size_t i = 0; i < plan_.context.size(); ++i) {
    wasm::put_bytes(entries.bytes, {0x7F, 1, 0x41, 0, 0x0B});
    ++entries.count;
  }
  if (plan_.room) {
    wasm::put_bytes(entries.bytes, {0x7F, 1, 0x41});
    wasm::put_s64(entries.bytes, static_cast<std::int32_t>(pages_));
    entries.bytes.push_back(0x0B);
    ++entries.count;
  }
  put(SectionId::kGlobal, entries);
  return Done{};
}

void Merging::exports() {
  Entries entries;
  auto add = [&](std::string_view name, ExternKind kind, std::uint32_t index) {
    wasm::put_name(entries.bytes, name);
    entries.bytes.push_back(static_cast<std::uint8_t>(kind));
    wasm::put_u32(entries.bytes, index);
    ++entries.count;
  };
  if (plan_.has_memory) add("memory", ExternKind::kMemory, 0);
  add(entry_.is_http ? wasm::kHttpExport : wasm::kRunExport, ExternKind::kFunc, generated_.entry);
  put(SectionId::kExport, entries);
}

Status Merging::elements() {
  Entries entries;
  FERRY_CHECK_OK(for_each([&](std::size_t at, const Linked& linked) -> Status {
    std::size_t offset = 0;
    const ByteView bytes = contents(linked, SectionId::kElement, offset);
    if (bytes.empty()) return Done{};
    entries.count += plan_.maps[at].element_count;
    return merge_elements(bytes, offset, plan_.maps[at], scope(at), entries.bytes);
  }));
  // Functions may be referenced by code if something outside of it names them. Exports did, which
  // are gone.
  if (!referenced_.empty()) {
    wasm::put_u32(entries.bytes, kDeclarative);
    entries.bytes.push_back(0x00);
    wasm::put_u32(entries.bytes, static_cast<std::uint32_t>(referenced_.size()));
    for (const std::uint32_t function : referenced_) wasm::put_u32(entries.bytes, function);
    ++entries.count;
  }
  put(SectionId::kElement, entries);
  return Done{};
}

Status Merging::code() {
  std::uint32_t count = 0;
  Bytes bodies;
  FERRY_CHECK_OK(for_each([&](std::size_t at, const Linked& linked) -> Status {
    std::size_t offset = 0;
    const ByteView bytes = contents(linked, SectionId::kCode, offset);
    if (bytes.empty()) return Done{};
    bodies.reserve(bodies.size() + bytes.size() + bytes.size() / 8);
    count += static_cast<std::uint32_t>(linked.binary.functions.size());
    return merge_code(bytes, offset, plan_.maps[at], plan_.accessors, plan_.room, referenced_,
                      bodies);
  }));
  for (const Generated& each : generated_.list) {
    wasm::put_u32(bodies, static_cast<std::uint32_t>(each.body.size()));
    wasm::put_bytes(bodies, each.body);
    ++count;
  }
  wasm::put_u32(code_, count);
  wasm::put_bytes(code_, bodies);
  return Done{};
}

Status Merging::data() {
  Entries entries;
  FERRY_CHECK_OK(for_each([&](std::size_t at, const Linked& linked) -> Status {
    std::size_t offset = 0;
    const ByteView bytes = contents(linked, SectionId::kData, offset);
    if (bytes.empty()) return Done{};
    entries.count += plan_.maps[at].data_count;
    return merge_data(bytes, offset, scope(at), entries.bytes);
  }));
  if (counts_data_) {
    Bytes count;
    wasm::put_u32(count, entries.count);
    wasm::put_section(out_, static_cast<std::uint8_t>(SectionId::kDataCount), count);
  }
  wasm::put_section(out_, static_cast<std::uint8_t>(SectionId::kCode), code_);
  put(SectionId::kData, entries);
  return Done{};
}

// Of functions, for backtraces; by index, as the standard wants them.
void Merging::names() {
  Entries entries;
  auto add = [&](std::uint32_t index, std::string_view name) {
    wasm::put_u32(entries.bytes, index);
    wasm::put_name(entries.bytes, name);
    ++entries.count;
  };
  for (std::uint32_t i = 0; i < plan_.host.size(); ++i) {
    add(i, fmt::format("{}#{}", plan_.host[i].module, plan_.host[i].field));
  }
  for (std::size_t i = 0; i < graph_.linked().size(); ++i) {
    const Linked& linked = graph_.linked()[i];
    if (linked.dissolved) continue;
    const auto known = wasm::read_function_names(linked.wasm, linked.binary);
    for (std::size_t f = linked.funcs.size(); f < known.size(); ++f) {
      if (!known[f].empty()) add(plan_.maps[i].funcs[f], known[f]);
    }
  }
  for (std::uint32_t i = 0; i < generated_.list.size(); ++i) {
    add(plan_.generated + i, generated_.list[i].name);
  }
  Bytes map;
  wasm::put_u32(map, entries.count);
  wasm::put_bytes(map, entries.bytes);
  Bytes section;
  wasm::put_name(section, "name");
  wasm::put_section(section, kFunctionNames, map);
  wasm::put_section(out_, static_cast<std::uint8_t>(SectionId::kCustom), section);
}

Result<Bytes> Merging::run() {
  FERRY_TRY(generated_, generate(plan_, entry_));
  std::size_t size = 0;
  for (const Linked& linked : graph_.linked()) {
    size += linked.wasm.size();
    for (const wasm::Section& section : linked.binary.sections) {
      counts_data_ |= section.id == static_cast<std::uint8_t>(SectionId::kDataCount);
    }
  }
  out_.reserve(size + size / 8 + 4096);
  wasm::put_bytes(out_, {0, 'a', 's', 'm', 1, 0, 0, 0});
  types();
  imports();
  functions();
  FERRY_CHECK_OK(tables_and_memories());
  FERRY_CHECK_OK(globals());
  exports();
  if (generated_.start) {
    Bytes start;
    wasm::put_u32(start, *generated_.start);
    wasm::put_section(out_, static_cast<std::uint8_t>(SectionId::kStart), start);
  }
  FERRY_CHECK_OK(code());
  FERRY_CHECK_OK(elements());
  FERRY_CHECK_OK(data());
  names();
  return std::move(out_);
}

}  // namespace

Result<Bytes> merge(const Graph& graph, const Entry& entry, Plan& plan) {
  return Merging(graph, entry, plan).run();
}

}  // namespace ferry::component
