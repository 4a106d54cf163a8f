// Writes component binaries for tests, definition by definition: each call appends a section of
// one entry and returns the index of what it defines. Nothing is checked, so that malformed ones
// can be written too.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace ferry::testing {

using Index = std::uint32_t;

class ComponentBuilder {
 public:
  ComponentBuilder();

  Index module(ByteView wasm);
  Index nested(ByteView component);
  // Core instances: of a module with its arguments, or of core exports {name, sort, index}.
  struct CoreExport {
    std::string_view name;
    std::uint8_t sort;
    Index index;
  };
  Index instantiate(Index module,
                    const std::vector<std::pair<std::string_view, Index>>& arguments = {});
  Index bundle(const std::vector<CoreExport>& exports);
  // Core items out of a core instance; each index space counts by itself.
  Index core_func(Index instance, std::string_view name);
  Index core_memory(Index instance, std::string_view name);

  // An imported instance that exports functions of type () and resources.
  Index import_instance(std::string_view name, const std::vector<std::string_view>& functions = {},
                        const std::vector<std::string_view>& resources = {});
  Index import_func(std::string_view name);
  Index func(Index instance, std::string_view name);  // out of an instance
  Index resource(Index instance, std::string_view name);

  // Core functions. Options are the bytes of canonopts: {3, memory}, {4, realloc}, {6} async …
  Index lower(Index func, const std::vector<Bytes>& options = {});
  Index drop(Index type);
  Index builtin(const Bytes& definition);  // opcode and operands

  Index func_type();      // () -> ()
  Index resource_type();  // of its own
  Index lift(Index core_func, Index type, const std::vector<Bytes>& options = {});
  Index instance_of(std::string_view function, Index func);  // with that one export
  Index instance_of_component(Index component, std::string_view argument, Index func);
  void export_instance(std::string_view name, Index instance);
  void export_func(std::string_view name, Index func);

  void section(std::uint8_t id, const Bytes& contents);  // as it is
  const Bytes& bytes() const { return out_; }

 private:
  void entry(std::uint8_t id, const Bytes& one);
  Index canon(const Bytes& definition);

  Bytes out_;
  Index modules_ = 0;
  Index nested_ = 0;
  Index core_instances_ = 0;
  Index core_funcs_ = 0;
  Index core_memories_ = 0;
  Index instances_ = 0;
  Index funcs_ = 0;
  Index types_ = 0;
};

// A component of wasi:http 0.2 around a core module whose export "handle" takes two handles. The
// module is given `imports` (named "host", bundled from what `host` adds).
struct Simple {
  ComponentBuilder builder;
  Index instance = 0;  // the core instance of the module
};
Simple simple_http(ByteView module);
// Lifts the core instance's "handle" and exports it.
void export_handle(ComponentBuilder& builder, Index core_instance,
                   std::string_view interface = "wasi:http/incoming-handler@0.2.3");

// A core module that answers: (memory), "handle" (i32 i32) -> (), cabi_realloc.
Bytes handler_module();

}  // namespace ferry::testing
