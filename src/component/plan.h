// The merged module's index spaces: what each core module's and each canonical function's index
// becomes. Functions: those of the host, then the modules' in order, then generated ones.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "component/entry.h"
#include "component/graph.h"
#include "component/index_map.h"

namespace ferry::component {

// An imported function of the merged module.
struct HostFunc {
  std::string module;  // as imported: the interface as the component imports it
  std::string field;   // "[method]input-stream.read", with "#2" behind it where there are several
  std::uint32_t type = 0;
  // Of WASI functions and built-ins:
  std::string interface;
  std::string function;
  Encoding encoding = Encoding::kUtf8;
  bool is_async = false;
  std::optional<CoreDef> realloc;
  std::uint32_t callable = 0;  // the import itself, or the function generated around it
  bool is_wrapped() const { return realloc.has_value() || encoding != Encoding::kUtf8; }
};

struct Plan {
  std::vector<wasm::FuncType> types;
  std::vector<HostFunc> host;          // in the order of the imports
  std::vector<IndexMap> maps;          // by linked instance; empty for dissolved ones
  std::uint32_t defined = 0;           // the first function that a module defines
  std::uint32_t generated = 0;         // the first one after all of theirs
  std::uint32_t next_generated = 0;    // the next free index
  std::uint32_t globals = 0;           // of all modules
  Accessors accessors;                 // generated; their globals follow the modules'
  std::vector<std::uint32_t> context;  // globals that take the place of context slots
  std::vector<std::uint32_t> starts;   // start functions in the order of instantiation
  bool has_memory = false;
  std::optional<Room> room;  // where there is a memory
  // Imports from "ferry:abi", by function index.
  struct AbiImports {
    std::optional<std::uint32_t> alloc_next;
    std::optional<std::uint32_t> alloc_give;
    std::optional<std::uint32_t> strings;
    std::optional<std::uint32_t> incoming_request;
    std::optional<std::uint32_t> response_outparam;
    std::optional<std::uint32_t> next_event;
    std::optional<std::uint32_t> event_first;
    std::optional<std::uint32_t> event_second;
    std::optional<std::uint32_t> run_result;
  } abi;

  std::uint32_t type(const wasm::FuncType& type);  // finds or adds
  std::map<std::string, std::uint32_t> type_index;
  // Where a function is in the merged module.
  Result<std::uint32_t> function(const CoreDef& def) const;

  // By canon: index into `host`, or (behind kAccessor) into accessors.list.
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint32_t kAccessor = 1u << 31;
  std::vector<std::uint32_t> canons;
  std::vector<std::uint32_t> func_bases;  // by linked instance: what to add to a defined index
};

Result<Plan> make_plan(const Graph& graph, const Entry& entry);

}  // namespace ferry::component
