// A copy of a core module with something added or replaced: new types, functions, globals and
// exports behind those that are there (so that no index moves), whole sections put in place of
// others, calls of one function turned to another.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "wasm/binary.h"
#include "wasm/code.h"
#include "wasm/sections.h"
#include "wasm/writer.h"

namespace ferry::wasm {

class ModuleEdit {
 public:
  // Both are borrowed; `binary` was read from `wasm`.
  ModuleEdit(ByteView wasm, const Binary& binary) : wasm_(wasm), binary_(binary) {}

  // Each returns the index of what it adds.
  std::uint32_t add_type(const FuncType& type);  // or finds an equal one
  std::uint32_t add_function(std::uint32_t type, const Bytes& body);
  std::uint32_t add_global_i32(std::int32_t value);

  // Contents that are in a section's place; empty: the section goes.
  void replace(SectionId id, Bytes contents) { replaced_[id] = std::move(contents); }
  // Custom sections of this name are left out.
  void drop_custom(std::string_view name) { dropped_ = name; }
  void add_custom(std::string_view name, std::string_view text);
  // Calls of `from` become calls of `to`, except for those in functions added here.
  void redirect(std::uint32_t from, std::uint32_t to);
  // These trap as soon as they are entered.
  void trap_in(std::vector<std::uint32_t> functions);
  // Puts a global (i32) beside each function defined here that says how often it is being executed
  // now; the first one's index is returned. The functions themselves move behind all others.
  std::uint32_t count_activations();

  Result<Bytes> finish();

 private:
  struct Additions {
    std::uint32_t count = 0;
    Bytes bytes;
  };
  void copy(SectionId id, const Additions& extra, Bytes& out) const;
  Status copy_code(Bytes& out);
  Bytes counting_bodies() const;

  ByteView wasm_;
  const Binary& binary_;
  Additions types_;
  Additions functions_;
  Additions globals_;
  Additions bodies_;
  Bytes customs_;
  std::map<SectionId, Bytes> replaced_;
  std::string_view dropped_;
  std::optional<std::uint32_t> counters_;  // the first one's index
  CodePlan code_;
};

}  // namespace ferry::wasm
