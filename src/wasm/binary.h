// What a wasm file is, read from its bytes alone: ABI, imports, exports, memory, start,
// producers; core module or component. Never trusts a byte: every count and size is bounded by
// what is there (WebAssembly core 2.0, 5 "Binary Format"; component model, "Binary").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace ferry::wasm {

enum class Abi : unsigned char { kNone, kCommand, kReactor, kHttp, kRun };
// "command", "reactor", "http", "run", "none".
std::string_view abi_name(Abi abi);

enum class ValType : std::uint8_t {
  kI32 = 0x7F,
  kI64 = 0x7E,
  kF32 = 0x7D,
  kF64 = 0x7C,
  kV128 = 0x7B,
  kFuncref = 0x70,
  kExternref = 0x6F
};

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
};

enum class ExternKind : std::uint8_t { kFunc = 0, kTable = 1, kMemory = 2, kGlobal = 3, kTag = 4 };

struct Import {
  std::string module;
  std::string name;
  ExternKind kind = ExternKind::kFunc;
  std::uint32_t type = 0;  // of a function: index into types
  // Where the name is in the file, its length included.
  std::size_t name_begin = 0;
  std::size_t name_end = 0;
};

struct Export {
  std::string name;
  ExternKind kind = ExternKind::kFunc;
  std::uint32_t index = 0;  // in the index space of its kind
};

// In 64 KiB pages.
struct MemoryType {
  std::uint64_t minimum = 0;
  std::optional<std::uint64_t> maximum;
  bool shared = false;
  bool is64 = false;
};

struct TableType {
  ValType element = ValType::kFuncref;
  std::uint64_t minimum = 0;  // elements
};

struct GlobalType {
  ValType type = ValType::kI32;
  bool is_mutable = false;
};

// A field of the "producers" custom section: {"language", "Go", "go1.26.8"}.
struct Producer {
  std::string field;
  std::string name;
  std::string version;
};

// A handle of WASI 0.2 that a component holds whenever an event begins, since its first state is
// that after other events (a warmed snapshot). Custom section "ferry:handles"; what the numbers
// mean is in docs/formats/lowered-component.md.
struct LeftHandle {
  std::uint32_t handle = 0;
  std::uint32_t kind = 0;
  std::uint32_t parent = 0;  // 0: none
};
inline constexpr char kHandlesSection[] = "ferry:handles";
inline constexpr std::uint32_t kMostLeftHandles = 1024;

struct Section {
  std::uint8_t id = 0;
  std::string name;        // of a custom section
  std::size_t offset = 0;  // of its contents in the file
  std::size_t size = 0;
};

struct Binary {
  bool component = false;
  Abi abi = Abi::kNone;
  std::vector<FuncType> types;
  std::vector<Import> imports;
  std::vector<Export> exports;
  std::vector<std::uint32_t> functions;  // type index of each function defined here
  std::vector<MemoryType> memories;      // imported ones first, as in the index space
  std::vector<GlobalType> globals;       // likewise
  std::vector<TableType> tables;         // likewise
  std::optional<std::uint32_t> start;
  std::vector<Producer> producers;
  std::vector<LeftHandle> left_handles;
  std::vector<Section> sections;
  std::string toolchain;  // best guess in words: "Go 1.26.8", "clang 16", "Rust 1.63", or ""

  // Of a component: the names it imports and exports ("wasi:http/incoming-handler@0.2.0").
  std::vector<std::string> component_imports;
  std::vector<std::string> component_exports;

  const Export* find_export(std::string_view name, ExternKind kind) const;
  // Type of a function in the function index space (imports first).
  const FuncType* function_type(std::uint32_t index) const;
};

// How many functions a module imports: the index of the first that it defines.
std::uint32_t imported_functions(const Binary& binary);

// The largest file read at all.
inline constexpr std::uint64_t kMaxWasmBytes = 256ull << 20;

// Fails with kInvalid naming the offset for a file that is not wasm, truncated or malformed.
Result<Binary> read_binary(ByteView wasm);

}  // namespace ferry::wasm
