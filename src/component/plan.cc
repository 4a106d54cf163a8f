#include "component/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "component/errors.h"
#include "component/segments.h"
#include "wasm/entry_export.h"
#include "wasm/sections.h"

namespace ferry::component {
namespace {

using wasm::FuncType;
using wasm::ValType;

constexpr std::string_view kRootModule = "$root";

// Builds a Plan step by step; each step needs the ones before it.
class Planning {
 public:
  Planning(const Graph& graph, const Entry& entry) : graph_(graph), entry_(entry) {}

  Result<Plan> run() {
    plan_.canons.assign(graph_.component().canons.size(), Plan::kNone);
    plan_.maps.resize(graph_.linked().size());
    FERRY_CHECK_OK(host_functions());
    abi_functions();
    defined_functions();
    generated_functions();
    other_spaces();
    FERRY_CHECK_OK(maps());
    FERRY_CHECK_OK(starts());
    return std::move(plan_);
  }

 private:
  const Component& component() const { return graph_.component(); }

  Status host_functions();
  Status note_canon(std::uint32_t index, const FuncType& type);
  Status name_host(const Canon& canon, HostFunc& out) const;
  void note_context(std::uint32_t index, const Canon& canon);
  std::uint32_t add_abi(std::string_view field, const FuncType& type);
  void abi_functions();
  void defined_functions();
  void generated_functions();
  void other_spaces();
  Status maps();
  Status starts();

  const Graph& graph_;
  const Entry& entry_;
  Plan plan_;
  std::vector<std::uint32_t> slots_;                             // context slots in use
  std::map<std::string, std::vector<std::uint32_t>> same_name_;  // of host functions
  std::vector<std::uint32_t> table_bases_;
  std::vector<std::uint32_t> global_bases_;
};

Status Planning::name_host(const Canon& canon, HostFunc& out) const {
  switch (canon.kind) {
    case Canon::Kind::kLower: {
      FERRY_TRY(const FoundFunc func, graph_.find_func(canon.index));
      if (func.lifted != nullptr || func.name.empty()) {
        return unsupported(
            "it calls its own exports through the component model, as if it were "
            "two components");
      }
      out.interface = func.interface;
      out.function = func.name;
      out.module = func.interface.empty() ? kRootModule : func.interface;
      out.field = (canon.options.is_async ? "[async-lower]" : "") + out.function;
      break;
    }
    case Canon::Kind::kResourceDrop: {
      FERRY_TRY(const Graph::Resource resource, graph_.find_resource(canon.index));
      out.interface = resource.interface;
      out.function = fmt::format("[resource-drop]{}", resource.name);
      out.module = resource.interface.empty() ? kRootModule : resource.interface;
      out.field = out.function;
      break;
    }
    case Canon::Kind::kResourceNew:
    case Canon::Kind::kResourceRep: {
      FERRY_TRY(const Graph::Resource resource, graph_.find_resource(canon.index));
      return invalid(fmt::format("it makes a resource '{}' that it imports", resource.name));
    }
    default:
      out.module = wasm::kCanonModule;
      out.function = canon.name;
      out.field =
          canon.detail.empty() ? out.function : fmt::format("{}:{}", canon.name, canon.detail);
      if (canon.options.is_async) out.field = "[async]" + out.field;
      break;
  }
  out.encoding = canon.options.encoding;
  out.is_async = canon.options.is_async;
  return Done{};
}

void Planning::note_context(std::uint32_t index, const Canon& canon) {
  auto slot = std::ranges::find(slots_, canon.index);
  if (slot == slots_.end()) slot = slots_.insert(slots_.end(), canon.index);
  plan_.canons[index] = Plan::kAccessor | static_cast<std::uint32_t>(plan_.accessors.list.size());
  plan_.accessors.list.push_back(
      {canon.kind == Canon::Kind::kContextSet, static_cast<std::uint32_t>(slot - slots_.begin())});
}

Status Planning::note_canon(std::uint32_t index, const FuncType& type) {
  const Canon& canon = component().canons[index];
  const bool is_get = canon.kind == Canon::Kind::kContextGet;
  const bool is_context = is_get || canon.kind == Canon::Kind::kContextSet;
  if (is_context) {
    const FuncType wanted = is_get ? FuncType{{}, {ValType::kI32}} : FuncType{{ValType::kI32}, {}};
    if (!(type == wanted)) return invalid(fmt::format("{} has another type", canon.name));
  }
  if (plan_.canons[index] != Plan::kNone) {
    if (!is_context && plan_.host[plan_.canons[index]].type != plan_.type(type)) {
      return invalid(
          fmt::format("{} is imported with two types", plan_.host[plan_.canons[index]].field));
    }
    return Done{};
  }
  if (is_context) {
    note_context(index, canon);
    return Done{};
  }
  HostFunc out;
  FERRY_CHECK_OK(name_host(canon, out));
  out.type = plan_.type(type);
  if (canon.options.realloc) {
    FERRY_TRY(out.realloc, graph_.find_core(CoreSort::kFunc, *canon.options.realloc));
    const FuncType* realloc = graph_.type_of(*out.realloc);
    if (realloc == nullptr ||
        !(*realloc == FuncType{std::vector(4, ValType::kI32), {ValType::kI32}})) {
      return invalid(fmt::format("the realloc of {} has another type", out.field));
    }
  }
  if (canon.options.memory) {
    const auto memory = graph_.find_core(CoreSort::kMemory, *canon.options.memory);
    if (!memory.ok()) return memory.error();
  }
  auto& same = same_name_[fmt::format("{} {}", out.module, out.field)];
  for (const std::uint32_t other : same) {
    if (plan_.host[other].realloc == out.realloc && plan_.host[other].type == out.type &&
        plan_.host[other].encoding == out.encoding) {
      plan_.canons[index] = other;
      return Done{};
    }
  }
  const auto at = static_cast<std::uint32_t>(plan_.host.size());
  same.push_back(at);
  if (same.size() > 1) out.field += fmt::format("#{}", same.size());
  plan_.canons[index] = at;
  plan_.host.push_back(std::move(out));
  return Done{};
}

Status Planning::host_functions() {
  for (const Linked& linked : graph_.linked()) {
    if (linked.dissolved) continue;
    std::size_t nth = 0;
    for (const wasm::Import& import : linked.binary.imports) {
      if (import.kind != wasm::ExternKind::kFunc) continue;
      const CoreDef def = linked.funcs[nth++];
      if (def.is_canon) {
        FERRY_CHECK_OK(note_canon(def.index, linked.binary.types[import.type]));
      }
    }
  }
  return Done{};
}

std::uint32_t Planning::add_abi(std::string_view field, const FuncType& type) {
  HostFunc out;
  out.module = wasm::kAbiModule;
  out.field = field;
  out.type = plan_.type(type);
  plan_.host.push_back(std::move(out));
  return static_cast<std::uint32_t>(plan_.host.size() - 1);
}

void Planning::abi_functions() {
  const FuncType get{{}, {ValType::kI32}};
  if (std::ranges::any_of(plan_.host, [](const HostFunc& f) { return f.realloc.has_value(); })) {
    plan_.abi.alloc_next = add_abi("alloc_next", {{}, {ValType::kI64}});
    plan_.abi.alloc_give = add_abi("alloc_give", {{ValType::kI32}, {}});
  }
  if (std::ranges::any_of(plan_.host,
                          [](const HostFunc& f) { return f.encoding != Encoding::kUtf8; })) {
    plan_.abi.strings = add_abi("strings", {{ValType::kI32}, {}});
  }
  // Nothing here calls it: a snapshot of a Go program draws anew by it (snapshot/image.h).
  if (std::ranges::any_of(plan_.host, [](const HostFunc& f) {
        return f.interface.starts_with("wasi:random/random@") && f.function == "get-random-bytes";
      })) {
    add_abi("random_get", {{ValType::kI32, ValType::kI32}, {ValType::kI32}});
  }
  if (entry_.is_http) {
    plan_.abi.incoming_request = add_abi(entry_.callback ? "request" : "incoming_request", get);
    if (!entry_.callback) plan_.abi.response_outparam = add_abi("response_outparam", get);
  }
  if (entry_.callback) {
    plan_.abi.next_event = add_abi("next_event", {{ValType::kI32}, {ValType::kI32}});
    plan_.abi.event_first = add_abi("event_first", get);
    plan_.abi.event_second = add_abi("event_second", get);
    if (!entry_.is_http) plan_.abi.run_result = add_abi("run_result", get);
  }
}

void Planning::defined_functions() {
  plan_.defined = static_cast<std::uint32_t>(plan_.host.size());
  std::uint32_t next = plan_.defined;
  for (const Linked& linked : graph_.linked()) {
    plan_.func_bases.push_back(next - static_cast<std::uint32_t>(linked.funcs.size()));
    if (!linked.dissolved) next += static_cast<std::uint32_t>(linked.binary.functions.size());
  }
  plan_.generated = next;
}

void Planning::generated_functions() {
  plan_.next_generated = plan_.generated;
  for (std::uint32_t i = 0; i < plan_.host.size(); ++i) {
    plan_.host[i].callable = plan_.host[i].is_wrapped() ? plan_.next_generated++ : i;
  }
  plan_.accessors.first = plan_.next_generated;
  plan_.next_generated += static_cast<std::uint32_t>(plan_.accessors.list.size());
}

void Planning::other_spaces() {
  std::uint32_t tables = 0;
  for (std::size_t i = 0; i < graph_.linked().size(); ++i) {
    const Linked& linked = graph_.linked()[i];
    table_bases_.push_back(tables - static_cast<std::uint32_t>(linked.tables.size()));
    global_bases_.push_back(plan_.globals - static_cast<std::uint32_t>(linked.globals.size()));
    if (linked.dissolved) continue;
    tables += static_cast<std::uint32_t>(linked.binary.tables.size() - linked.tables.size());
    plan_.globals +=
        static_cast<std::uint32_t>(linked.binary.globals.size() - linked.globals.size());
    plan_.has_memory |= linked.binary.memories.size() > linked.memories.size();
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    plan_.context.push_back(plan_.globals + static_cast<std::uint32_t>(i));
  }
  if (plan_.has_memory) {
    const auto behind = plan_.globals + static_cast<std::uint32_t>(plan_.context.size());
    plan_.room = Room{behind, plan_.next_generated++};
  }
  for (Accessors::Accessor& accessor : plan_.accessors.list) {
    accessor.global = plan_.context[accessor.global];
  }
}

Status Planning::maps() {
  std::uint32_t data = 0;
  std::uint32_t elements = 0;
  for (std::size_t i = 0; i < graph_.linked().size(); ++i) {
    const Linked& linked = graph_.linked()[i];
    if (linked.dissolved) continue;
    IndexMap& map = plan_.maps[i];
    for (const FuncType& type : linked.binary.types) map.types.push_back(plan_.type(type));
    for (const CoreDef& def : linked.funcs) {
      FERRY_TRY(const std::uint32_t function, plan_.function(def));
      map.funcs.push_back(function);
    }
    const auto own = static_cast<std::uint32_t>(linked.binary.functions.size());
    const auto imported = static_cast<std::uint32_t>(linked.funcs.size());
    for (std::uint32_t f = 0; f < own; ++f) {
      map.funcs.push_back(plan_.func_bases[i] + imported + f);
    }
    for (std::uint32_t t = 0; t < linked.binary.tables.size(); ++t) {
      const bool is_own = t >= linked.tables.size();
      map.tables.push_back(is_own
                               ? table_bases_[i] + t
                               : table_bases_[linked.tables[t].instance] + linked.tables[t].index);
    }
    for (std::uint32_t g = 0; g < linked.binary.globals.size(); ++g) {
      const bool is_own = g >= linked.globals.size();
      map.globals.push_back(is_own ? global_bases_[i] + g
                                   : global_bases_[linked.globals[g].instance] +
                                         linked.globals[g].index);
    }
    map.data = data;
    map.data_count = count_segments(linked.contents(wasm::SectionId::kData));
    data += map.data_count;
    map.elements = elements;
    map.element_count = count_segments(linked.contents(wasm::SectionId::kElement));
    elements += map.element_count;
  }
  return Done{};
}

// In a component a module's segments are written before its own start function runs and after
// those of the modules before it. In one module all are written first: the same, unless a module
// has segments and one before it a start function.
Status Planning::starts() {
  for (const Linked& linked : graph_.linked()) {
    const bool writes =
        !linked.dissolved && (has_active_data(linked.contents(wasm::SectionId::kData)) ||
                              has_elements(linked.contents(wasm::SectionId::kElement)));
    if (writes && !plan_.starts.empty()) {
      return unsupported(
          fmt::format("core module {} has data that has to be written after the "
                      "start function of a module before it has run",
                      linked.module));
    }
    if (!linked.binary.start) continue;
    const std::uint32_t start = *linked.binary.start;
    const bool is_imported = start < linked.funcs.size();
    FERRY_TRY(const std::uint32_t function,
              plan_.function(
                  is_imported
                      ? linked.funcs[start]
                      : CoreDef{false, static_cast<std::uint32_t>(&linked - graph_.linked().data()),
                                start}));
    plan_.starts.push_back(function);
  }
  return Done{};
}

}  // namespace

std::uint32_t Plan::type(const FuncType& type) {
  std::string key;
  for (const ValType value : type.params) key.push_back(static_cast<char>(value));
  key.push_back('>');
  for (const ValType value : type.results) key.push_back(static_cast<char>(value));
  const auto [at, is_new] =
      type_index.emplace(std::move(key), static_cast<std::uint32_t>(types.size()));
  if (is_new) types.push_back(type);
  return at->second;
}

Result<std::uint32_t> Plan::function(const CoreDef& def) const {
  if (!def.is_canon) {
    return func_bases[def.instance] + def.index;
  }
  const std::uint32_t known = canons[def.index];
  if (known == kNone) {
    return unsupported("a function of the host is its own start function, or what it lifts");
  }
  return (known & kAccessor) != 0 ? accessors.first + (known & ~kAccessor) : host[known].callable;
}

Result<Plan> make_plan(const Graph& graph, const Entry& entry) {
  return Planning(graph, entry).run();
}

}  // namespace ferry::component
