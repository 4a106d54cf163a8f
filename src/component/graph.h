// A component's core instances, linked: for each import of each core module, which core module
// defines it or which function of the host it is.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "component/component.h"
#include "wasm/binary.h"
#include "wasm/sections.h"

namespace ferry::component {

// Something that a core module defines, or a canonical definition.
struct CoreDef {
  bool is_canon = false;
  std::uint32_t instance = 0;  // which of Graph::linked
  std::uint32_t index = 0;     // in that module's index space; or into Component::canons
  bool operator==(const CoreDef&) const = default;
};

// An instance of a core module, with its imports resolved. In the order of instantiation.
struct Linked {
  std::uint32_t module = 0;  // of Component::modules
  ByteView wasm;
  wasm::Binary binary;
  std::vector<CoreDef> funcs;  // imported ones, in the order of the index space; likewise:
  std::vector<CoreDef> tables;
  std::vector<CoreDef> memories;
  std::vector<CoreDef> globals;
  // Its code is not needed: calls went to where it sends them (shim.h).
  bool dissolved = false;

  // A section's contents; empty where it has none. They lie in `wasm`.
  ByteView contents(wasm::SectionId id) const;
};

// A function that the component lifts, or imports.
struct FoundFunc {
  const Func* lifted = nullptr;  // else an import:
  std::string_view interface;    // "" for a function imported by itself
  std::string_view name;
};

class Graph {
 public:
  // Borrows the component. kUnsupported for what cannot become one module, with the reason.
  static Result<Graph> link(const Component& component);

  const Component& component() const { return *component_; }
  std::vector<Linked>& linked() { return linked_; }
  const std::vector<Linked>& linked() const { return linked_; }

  // An entry of the component's core index spaces.
  Result<CoreDef> find_core(CoreSort sort, std::uint32_t index) const;
  // A component function, wherever it comes from.
  Result<FoundFunc> find_func(std::uint32_t index) const;
  // Function `name` of the exported instance `interface` (with its version); lifted is null where
  // there is none.
  Result<FoundFunc> find_export(std::string_view interface, std::string_view name) const;
  // The resource that a type is: interface and name. kUnsupported where the component defines it.
  struct Resource {
    std::string_view interface;
    std::string_view name;
  };
  Result<Resource> find_resource(std::uint32_t type) const;
  // From now on every reference to a function of this linked instance is one to targets[function],
  // none of which is of that instance (shim.h).
  void redirect(std::uint32_t linked, std::vector<CoreDef> targets);
  // The type of a function that a core module defines.
  const wasm::FuncType* type_of(const CoreDef& def) const;

 private:
  explicit Graph(const Component& component) : component_(&component) {}
  Status add(std::uint32_t core_instance);
  Status resolve(Linked& linked, const CoreInstance& instance) const;
  Result<CoreDef> find_core(CoreSort sort, std::uint32_t index, unsigned depth) const;
  Result<CoreDef> find_core_export(std::uint32_t instance, std::string_view name, CoreSort sort,
                                   unsigned depth) const;
  Status check_type(const Linked& linked, const wasm::Import& import, std::uint32_t nth,
                    const CoreDef& def) const;

  const Component* component_;
  std::vector<Linked> linked_;
  std::vector<std::int64_t> linked_of_;  // by core instance; negative: none
  using Exports = std::unordered_map<std::string_view, const wasm::Export*>;
  std::vector<Exports> exports_;  // by linked
  std::unordered_map<std::uint32_t, std::vector<CoreDef>> redirected_;
};

}  // namespace ferry::component
