#include "component/graph.h"

#include <algorithm>

#include <fmt/format.h>

#include "component/errors.h"

namespace ferry::component {
namespace {

// No toolchain goes through more than three aliases; a circle of them ends here.
constexpr unsigned kMaxAliases = 64;

bool holds_code(const Component& component) {
  return !component.modules.empty() || std::ranges::any_of(component.components, holds_code);
}

wasm::ExternKind kind_of(CoreSort sort) { return static_cast<wasm::ExternKind>(sort); }

// What a module imports of a sort.
using ImportedList = std::vector<CoreDef> Linked::*;
ImportedList list_of(CoreSort sort) {
  switch (sort) {
    case CoreSort::kTable:
      return &Linked::tables;
    case CoreSort::kMemory:
      return &Linked::memories;
    case CoreSort::kGlobal:
      return &Linked::globals;
    default:
      return &Linked::funcs;
  }
}

std::string_view sort_name(CoreSort sort) {
  switch (sort) {
    case CoreSort::kTable:
      return "table";
    case CoreSort::kMemory:
      return "memory";
    case CoreSort::kGlobal:
      return "global";
    default:
      return "function";
  }
}

// Where a name is looked up: a component, and how it came to be instantiated.
struct Scope {
  const Component& component;
  const Instance* made_by = nullptr;  // its arguments, in the outer scope
  const Scope* outer = nullptr;
};

Result<FoundFunc> func_in(const Scope& scope, std::uint32_t index, unsigned depth);

Result<FoundFunc> func_of_instance(const Scope& scope, std::uint32_t index, std::string_view name,
                                   unsigned depth) {
  if (depth > kMaxAliases) return invalid("its instances are defined in a circle");
  if (index >= scope.component.instances.size()) {
    return invalid(fmt::format("instance {} of {}", index, scope.component.instances.size()));
  }
  const Instance& instance = scope.component.instances[index];
  switch (instance.origin) {
    case Origin::kImport: {
      if (scope.outer == nullptr) return FoundFunc{nullptr, instance.name, name};
      const auto given = scope.made_by->arguments.find(instance.name);
      if (given == scope.made_by->arguments.end() || given->second.sort != Sort::kInstance) {
        return invalid(fmt::format("a nested component's import '{}' is not given", instance.name));
      }
      return func_of_instance(*scope.outer, given->second.index, name, depth + 1);
    }
    case Origin::kExport:
      return func_of_instance(scope, instance.index, name, depth + 1);
    case Origin::kAlias:
    case Origin::kElsewhere:
      return unsupported(fmt::format("its instance '{}' is a part of another one", instance.name));
    case Origin::kOwn:
      break;
  }
  if (!instance.component) {
    const auto found = instance.exports.find(name);
    if (found == instance.exports.end() || found->second.sort != Sort::kFunc) return FoundFunc{};
    return func_in(scope, found->second.index, depth + 1);
  }
  if (*instance.component >= scope.component.components.size()) {
    return invalid(
        fmt::format("component {} of {}", *instance.component, scope.component.components.size()));
  }
  const Component& nested = scope.component.components[*instance.component];
  for (const ExportedItem& item : nested.exports) {
    if (item.name == name && item.what.sort == Sort::kFunc) {
      return func_in(Scope{nested, &instance, &scope}, item.what.index, depth + 1);
    }
  }
  return FoundFunc{};
}

Result<FoundFunc> func_in(const Scope& scope, std::uint32_t index, unsigned depth) {
  if (depth > kMaxAliases) return invalid("its functions are defined in a circle");
  if (index >= scope.component.funcs.size()) {
    return invalid(fmt::format("function {} of {}", index, scope.component.funcs.size()));
  }
  const Func& func = scope.component.funcs[index];
  switch (func.origin) {
    case Origin::kOwn:
      if (scope.outer != nullptr) {
        return unsupported("a nested component lifts functions of its own");
      }
      return FoundFunc{&func, {}, {}};
    case Origin::kExport:
      return func_in(scope, func.index, depth + 1);
    case Origin::kAlias:
      return func_of_instance(scope, func.index, func.name, depth + 1);
    case Origin::kImport: {
      if (scope.outer == nullptr) return FoundFunc{nullptr, {}, func.name};
      const auto given = scope.made_by->arguments.find(func.name);
      if (given == scope.made_by->arguments.end() || given->second.sort != Sort::kFunc) {
        return invalid(fmt::format("a nested component's import '{}' is not given", func.name));
      }
      return func_in(*scope.outer, given->second.index, depth + 1);
    }
    case Origin::kElsewhere:
      break;
  }
  return unsupported("a function of an outer component");
}

Status check_shape(const Component& component) {
  std::size_t parts = 0;
  for (const Instance& instance : component.instances) {
    if (instance.component && *instance.component < component.components.size()) {
      parts += holds_code(component.components[*instance.component]) ? 1 : 0;
    }
  }
  if (parts != 0) {
    return unsupported(
        fmt::format("it is a composition of {} components, each with a memory of its own",
                    parts + (component.modules.empty() ? 0 : 1)),
        "give the component that answers the request, before wac or wasm-tools compose joined it "
        "to others");
  }
  if (component.modules.empty()) return unsupported("it holds no code, only types");
  std::vector<bool> used(component.modules.size());
  for (const CoreInstance& instance : component.core_instances) {
    if (!instance.module) continue;
    if (*instance.module >= used.size()) {
      return invalid(fmt::format("core module {} of {}", *instance.module, used.size()));
    }
    if (used[*instance.module]) {
      return unsupported(
          fmt::format("it makes two instances of its core module {}, which would "
                      "have to be two modules with one memory",
                      *instance.module));
    }
    used[*instance.module] = true;
  }
  return Done{};
}

Status check_module(std::uint32_t module, const wasm::Binary& binary) {
  if (binary.component) return invalid(fmt::format("core module {} is a component", module));
  const bool imports_tags = std::ranges::any_of(binary.imports, [](const wasm::Import& import) {
    return import.kind == wasm::ExternKind::kTag;
  });
  const bool has_tags = std::ranges::any_of(
      binary.sections, [](const wasm::Section& section) { return section.id == 13; });
  if (imports_tags || has_tags) {
    return unsupported("it uses WebAssembly exceptions, which the engines here do not run",
                       "build without them: -fno-exceptions, no -fwasm-exceptions, no setjmp");
  }
  return Done{};
}

Status check_memories(const std::vector<Linked>& all) {
  std::size_t memories = 0;
  for (const Linked& linked : all) {
    memories += linked.binary.memories.size() - linked.memories.size();
  }
  if (memories > 1) {
    return unsupported(fmt::format("its core modules have {} memories, and one is what a function "
                                   "here has",
                                   memories),
                       "link its libraries into one module, or let them share their memory");
  }
  return Done{};
}

}  // namespace

ByteView Linked::contents(wasm::SectionId id) const {
  for (const wasm::Section& section : binary.sections) {
    if (section.id == static_cast<std::uint8_t>(id)) {
      return wasm.subspan(section.offset, section.size);
    }
  }
  return {};
}

Result<Graph> Graph::link(const Component& component) {
  FERRY_CHECK_OK(check_shape(component));
  Graph graph(component);
  graph.linked_of_.assign(component.core_instances.size(), -1);
  for (std::uint32_t i = 0; i < component.core_instances.size(); ++i) {
    if (component.core_instances[i].module) FERRY_CHECK_OK(graph.add(i));
  }
  FERRY_CHECK_OK(check_memories(graph.linked_));
  return graph;
}

Status Graph::add(std::uint32_t core_instance) {
  const CoreInstance& instance = component_->core_instances[core_instance];
  Linked linked;
  linked.module = *instance.module;
  linked.wasm = component_->modules[linked.module].bytes;
  auto binary = wasm::read_binary(linked.wasm);
  if (!binary.ok()) {
    return with_context(std::move(binary).error(), fmt::format("core module {}", linked.module));
  }
  linked.binary = std::move(binary).value();
  FERRY_CHECK_OK(check_module(linked.module, linked.binary));
  auto resolved = resolve(linked, instance);
  if (!resolved.ok()) {
    return with_context(std::move(resolved).error(), fmt::format("core module {}", linked.module));
  }
  linked_of_[core_instance] = static_cast<std::int64_t>(linked_.size());
  linked_.push_back(std::move(linked));
  Exports exports;
  // The exports stay where they are when a Linked is moved.
  for (const wasm::Export& item : linked_.back().binary.exports) exports.emplace(item.name, &item);
  exports_.push_back(std::move(exports));
  return Done{};
}

Status Graph::resolve(Linked& linked, const CoreInstance& instance) const {
  for (const wasm::Import& import : linked.binary.imports) {
    const auto given = instance.arguments.find(import.module);
    if (given == instance.arguments.end()) {
      return invalid(fmt::format("its import {}.{} is not given", import.module, import.name));
    }
    const auto sort = static_cast<CoreSort>(import.kind);
    FERRY_TRY(const CoreDef def, find_core_export(given->second, import.name, sort, 0));
    std::vector<CoreDef>& list = linked.*list_of(sort);
    FERRY_CHECK_OK(check_type(linked, import, static_cast<std::uint32_t>(list.size()), def));
    list.push_back(def);
  }
  return Done{};
}

// A component's validation holds these equal; the merged module would turn a difference into code
// that no engine takes, and say so where nobody can see why.
Status Graph::check_type(const Linked& linked, const wasm::Import& import, std::uint32_t nth,
                         const CoreDef& def) const {
  if (def.is_canon) {
    return import.kind == wasm::ExternKind::kFunc
               ? Status(Done{})
               : Status(invalid(fmt::format("its import {}.{} is given a function", import.module,
                                            import.name)));
  }
  const wasm::Binary& owner = linked_[def.instance].binary;
  bool same = true;
  switch (import.kind) {
    case wasm::ExternKind::kFunc: {
      const wasm::FuncType* type = owner.function_type(def.index);
      same = type != nullptr && *type == linked.binary.types[import.type];
      break;
    }
    case wasm::ExternKind::kGlobal:
      same = owner.globals[def.index].type == linked.binary.globals[nth].type &&
             owner.globals[def.index].is_mutable == linked.binary.globals[nth].is_mutable;
      break;
    case wasm::ExternKind::kTable:
      same = owner.tables[def.index].element == linked.binary.tables[nth].element &&
             owner.tables[def.index].minimum >= linked.binary.tables[nth].minimum;
      break;
    case wasm::ExternKind::kMemory:
      same = owner.memories[def.index].minimum >= linked.binary.memories[nth].minimum &&
             owner.memories[def.index].is64 == linked.binary.memories[nth].is64 &&
             owner.memories[def.index].shared == linked.binary.memories[nth].shared;
      break;
    case wasm::ExternKind::kTag:
      break;
  }
  if (same) return Done{};
  return invalid(
      fmt::format("its import {}.{} is given one of another type", import.module, import.name));
}

Result<CoreDef> Graph::find_core_export(std::uint32_t instance, std::string_view name,
                                        CoreSort sort, unsigned depth) const {
  if (depth > kMaxAliases) return invalid("its core instances are defined in a circle");
  if (instance >= component_->core_instances.size()) {
    return invalid(
        fmt::format("core instance {} of {}", instance, component_->core_instances.size()));
  }
  const CoreInstance& from = component_->core_instances[instance];
  if (!from.module) {
    const auto found = from.exports.find(name);
    if (found == from.exports.end() || found->second.sort != sort) {
      return invalid(
          fmt::format("there is no {} '{}' in core instance {}", sort_name(sort), name, instance));
    }
    return find_core(sort, found->second.index, depth + 1);
  }
  if (linked_of_[instance] < 0) {
    return invalid(fmt::format("core instance {} is used before it is made", instance));
  }
  const auto at = static_cast<std::uint32_t>(linked_of_[instance]);
  const auto found = exports_[at].find(name);
  if (found == exports_[at].end() || found->second->kind != kind_of(sort)) {
    return invalid(fmt::format("core module {} exports no {} '{}'", linked_[at].module,
                               sort_name(sort), name));
  }
  const std::uint32_t index = found->second->index;
  const std::vector<CoreDef>& taken = linked_[at].*list_of(sort);
  if (index < taken.size()) return taken[index];
  const bool is_there = sort != CoreSort::kTable || index < linked_[at].binary.tables.size();
  if (!is_there) return invalid(fmt::format("core module {} exports a table it has not", at));
  return CoreDef{false, at, index};
}

Result<CoreDef> Graph::find_core(CoreSort sort, std::uint32_t index, unsigned depth) const {
  const std::vector<CoreItem>* items = &component_->core_funcs;
  if (sort == CoreSort::kTable) items = &component_->core_tables;
  if (sort == CoreSort::kMemory) items = &component_->core_memories;
  if (sort == CoreSort::kGlobal) items = &component_->core_globals;
  if (index >= items->size()) {
    return invalid(fmt::format("core {} {} of {}", sort_name(sort), index, items->size()));
  }
  const CoreItem& item = (*items)[index];
  if (!item.instance) return CoreDef{true, 0, item.canon};
  return find_core_export(*item.instance, item.name, sort, depth + 1);
}

Result<CoreDef> Graph::find_core(CoreSort sort, std::uint32_t index) const {
  FERRY_TRY(CoreDef def, find_core(sort, index, 0));
  const auto moved = redirected_.find(def.instance);
  if (sort == CoreSort::kFunc && !def.is_canon && moved != redirected_.end()) {
    return moved->second[def.index];
  }
  return def;
}

void Graph::redirect(std::uint32_t linked, std::vector<CoreDef> targets) {
  auto turn = [&](std::vector<CoreDef>& defs) {
    for (CoreDef& def : defs) {
      if (!def.is_canon && def.instance == linked) def = targets[def.index];
    }
  };
  for (Linked& each : linked_) turn(each.funcs);
  for (auto& [from, to] : redirected_) turn(to);
  redirected_[linked] = std::move(targets);
}

Result<FoundFunc> Graph::find_func(std::uint32_t index) const {
  return func_in(Scope{*component_}, index, 0);
}

Result<FoundFunc> Graph::find_export(std::string_view interface, std::string_view name) const {
  for (const ExportedItem& item : component_->exports) {
    if (item.name == interface && item.what.sort == Sort::kInstance) {
      return func_of_instance(Scope{*component_}, item.what.index, name, 0);
    }
  }
  return FoundFunc{};
}

Result<Graph::Resource> Graph::find_resource(std::uint32_t index) const {
  const auto& types = component_->types;
  for (unsigned depth = 0; depth < kMaxAliases && index < types.size(); ++depth) {
    const Type& type = types[index];
    switch (type.origin) {
      case Origin::kExport:
        index = type.index;
        continue;
      case Origin::kImport:
        return Resource{{}, type.name};
      case Origin::kAlias: {
        std::uint32_t instance = type.index;
        while (instance < component_->instances.size() &&
               component_->instances[instance].origin == Origin::kExport &&
               component_->instances[instance].index < instance) {
          instance = component_->instances[instance].index;
        }
        if (instance < component_->instances.size() &&
            component_->instances[instance].origin == Origin::kImport) {
          return Resource{component_->instances[instance].name, type.name};
        }
        return unsupported(
            fmt::format("its resource '{}' comes from a nested component", type.name));
      }
      case Origin::kOwn:
        if (type.is_resource) {
          return unsupported(
              "it defines resources of its own for its callers, and nobody calls it except for "
              "events",
              "export wasi:http/incoming-handler or wasi:cli/run and no resources");
        }
        return invalid(fmt::format("type {} is not a resource", index));
      case Origin::kElsewhere:
        return unsupported("a resource of an outer component");
    }
  }
  return invalid(fmt::format("type {} is not a resource", index));
}

const wasm::FuncType* Graph::type_of(const CoreDef& def) const {
  return def.is_canon ? nullptr : linked_[def.instance].binary.function_type(def.index);
}

}  // namespace ferry::component
