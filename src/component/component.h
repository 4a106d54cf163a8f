// A component as its binary states it, as far as lowering needs it: index spaces of core modules,
// instances, functions and types, in the order of the file (component model, "Binary"). Nothing is
// resolved here (graph.h). Names and modules are borrowed from the bytes that were read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ferry::component {

enum class CoreSort : std::uint8_t {
  kFunc = 0x00,
  kTable = 0x01,
  kMemory = 0x02,
  kGlobal = 0x03,
  kTag = 0x04,
  kType = 0x10,
  kModule = 0x11,
  kInstance = 0x12
};

enum class Sort : std::uint8_t {
  kCore = 0x00,
  kFunc = 0x01,
  kValue = 0x02,
  kType = 0x03,
  kComponent = 0x04,
  kInstance = 0x05
};

enum class Encoding : std::uint8_t { kUtf8 = 0, kUtf16 = 1, kLatin1Utf16 = 2 };
// "utf8", "utf16", "latin1+utf16".
std::string_view encoding_name(Encoding encoding);

// Options of `canon lift`, `canon lower` and the built-ins; indices into the core index spaces.
struct CanonOptions {
  Encoding encoding = Encoding::kUtf8;
  std::optional<std::uint32_t> memory;
  std::optional<std::uint32_t> realloc;
  std::optional<std::uint32_t> post_return;
  std::optional<std::uint32_t> callback;
  bool is_async = false;
};

// A definition that gives a core function.
struct Canon {
  enum class Kind : std::uint8_t {
    kLower,         // index: the component function
    kResourceDrop,  // index: the type
    kResourceNew,   // likewise
    kResourceRep,   // likewise
    kContextGet,    // index: the slot
    kContextSet,    // likewise
    kBuiltin        // one of WASI 0.3's; `name` and `detail` say which
  };
  Kind kind = Kind::kBuiltin;
  std::uint32_t index = 0;
  CanonOptions options;
  std::string_view name;  // "stream.read"
  std::string detail;     // what it is about: a type as text
};

// An entry of a core index space that is a function, table, memory or global.
struct CoreItem {
  // Either what an instance exports, or canons[canon].
  std::optional<std::uint32_t> instance;
  std::string_view name;
  std::uint32_t canon = 0;
};

struct CoreRef {
  CoreSort sort = CoreSort::kFunc;
  std::uint32_t index = 0;
};

struct CoreInstance {
  // Either a module and the instances that it imports from, or a set of exports.
  std::optional<std::uint32_t> module;
  std::map<std::string_view, std::uint32_t> arguments;
  std::map<std::string_view, CoreRef> exports;
};

struct Ref {
  Sort sort = Sort::kFunc;
  std::uint32_t index = 0;
};

// Where a function, an instance or a type of a component comes from.
enum class Origin : std::uint8_t {
  kImport,    // `name` as imported
  kAlias,     // export `name` of instance `index`
  kExport,    // exported under `name`, the same as entry `index`
  kOwn,       // defined here
  kElsewhere  // an outer component's
};

struct Func {
  Origin origin = Origin::kOwn;
  std::uint32_t index = 0;
  std::string_view name;
  // Of kOwn, a `canon lift`:
  std::uint32_t core_func = 0;
  std::uint32_t type = 0;
  CanonOptions options;
};

struct Instance {
  Origin origin = Origin::kOwn;
  std::uint32_t index = 0;
  std::string_view name;
  // Of kOwn: either a component with arguments, or a set of exports.
  std::optional<std::uint32_t> component;
  std::map<std::string_view, Ref> arguments;
  std::map<std::string_view, Ref> exports;
};

struct Type {
  Origin origin = Origin::kOwn;
  std::uint32_t index = 0;
  std::string_view name;
  bool is_resource = false;  // of kOwn: a resource that the component itself defines
  std::string text;          // of kOwn: as WIT has it, cut where it is long
};

struct Module {
  std::size_t offset = 0;  // in the file
  ByteView bytes;
};

struct ExportedItem {
  std::string_view name;
  Ref what;
};

struct Component {
  std::vector<Module> modules;
  std::vector<CoreInstance> core_instances;
  std::vector<CoreItem> core_funcs;
  std::vector<CoreItem> core_tables;
  std::vector<CoreItem> core_memories;
  std::vector<CoreItem> core_globals;
  std::vector<Canon> canons;

  std::vector<Component> components;  // nested ones
  std::vector<Instance> instances;
  std::vector<Func> funcs;
  std::vector<Type> types;
  std::vector<ExportedItem> exports;
};

// Of a file that read_binary says is a component. kInvalid with the offset for malformed bytes,
// kUnsupported with the offset for what is understood and not lowered.
Result<Component> read_component(ByteView file);

}  // namespace ferry::component
