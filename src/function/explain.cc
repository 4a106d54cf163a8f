#include "function/explain.h"

#include <algorithm>

#include <fmt/format.h>

#include "component/lower.h"

namespace ferry::function {
namespace {

constexpr std::uint64_t kPage = 65536;
// Debug information past this is worth a word.
constexpr std::size_t kMuchDebug = 256u << 10;

std::string_view type_text(wasm::ValType type) {
  switch (type) {
    case wasm::ValType::kI32:
      return "i32";
    case wasm::ValType::kI64:
      return "i64";
    case wasm::ValType::kF32:
      return "f32";
    case wasm::ValType::kF64:
      return "f64";
    case wasm::ValType::kV128:
      return "v128";
    case wasm::ValType::kFuncref:
      return "funcref";
    case wasm::ValType::kExternref:
      return "externref";
  }
  return "?";
}

std::string type_text(const std::vector<wasm::ValType>& types) {
  std::vector<std::string_view> names;
  names.reserve(types.size());
  for (wasm::ValType type : types) {
    names.push_back(type_text(type));
  }
  return fmt::format("({})", fmt::join(names, ", "));
}

void explain_size(const wasm::Binary& binary, std::vector<Finding>& out) {
  std::size_t debug = 0;
  for (const wasm::Section& section : binary.sections) {
    debug += section.name.starts_with(".debug_") ? section.size : 0;
  }
  if (debug >= kMuchDebug) {
    out.push_back(
        {Finding::Kind::kNote, "debug-info",
         fmt::format("{} of it are debug information, which nothing here reads",
                     format_size(debug)),
         "strip it: wasm-strip FILE, clang -Wl,--strip-debug, or rustc -C strip=debuginfo"});
  }
}

// The wrongly typed export that its author meant as the entry point.
bool explain_wrong_type(const wasm::Binary& binary, std::string_view name, std::string_view wanted,
                        std::vector<Finding>& out) {
  const wasm::Export* found = binary.find_export(name, wasm::ExternKind::kFunc);
  const wasm::FuncType* type = found == nullptr ? nullptr : binary.function_type(found->index);
  if (type == nullptr) {
    return false;
  }
  out.push_back({Finding::Kind::kStops, "entry-type",
                 fmt::format("its export '{}' has the type {} -> {}, where {} is wanted", name,
                             type_text(type->params), type_text(type->results), wanted),
                 name == "handle" ? "handle takes nothing and returns an i32: 0 when all is well; "
                                    "the event's data is on stdin and the reply goes to stdout"
                                  : "let the toolchain make _start from main"});
  return true;
}

// What was a component that can be lowered no longer is one (make_function).
void add_why_not_lowered(const Function& function, Finding& out) {
  const auto lowered = component::lower(function.wasm, function.binary, function.digest);
  if (!lowered.ok()) {
    out.message += ": " + lowered.error().message;
    out.hint = lowered.error().hint;
  }
}

}  // namespace

std::vector<Finding> explain(const Function& function) {
  std::vector<Finding> out;
  const wasm::Binary& binary = function.binary;
  if (binary.component) {
    explain_component(binary, out);
    add_why_not_lowered(function, out.back());
  } else {
    explain_linking(binary, out);
    if (out.empty()) {
      // Imports say what the module was made for, and so why it has no entry point of ours.
      explain_imports(binary, out);
      explain_entry(binary, out);
      explain_memory(binary, function.manifest.limits, out);
      explain_tables(binary, out);
    }
    explain_size(binary, out);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Finding& a, const Finding& b) { return a.kind < b.kind; });
  return out;
}

void explain_entry(const wasm::Binary& binary, std::vector<Finding>& out) {
  if (binary.abi != wasm::Abi::kNone) {
    return;
  }
  if (explain_wrong_type(binary, "handle", "() -> (i32)", out) ||
      explain_wrong_type(binary, "_start", "() -> ()", out)) {
    return;
  }
  std::string hint =
      "build a program with a main function, which exports _start; or export handle, a function "
      "that takes nothing and returns an i32";
  if (binary.toolchain.starts_with("Go ")) {
    hint =
        "build a main package without -buildmode=c-shared, or mark a function "
        "//go:wasmexport handle: func handle() int32";
  } else if (binary.toolchain.starts_with("Rust")) {
    hint =
        "build a program (src/main.rs) rather than a library, or export "
        "#[no_mangle] pub extern \"C\" fn handle() -> i32";
  } else if (binary.toolchain.starts_with("clang")) {
    hint =
        "link without --no-entry and with wasi-libc's start-up file, or export handle: "
        "__attribute__((export_name(\"handle\"))) int handle(void)";
  }
  std::vector<std::string_view> functions;
  for (const wasm::Export& item : binary.exports) {
    if (item.kind == wasm::ExternKind::kFunc && functions.size() < 5) {
      functions.push_back(item.name);
    }
  }
  out.push_back(
      {Finding::Kind::kStops, "no-entry-point",
       functions.empty()
           ? std::string("it has no entry point: neither _start nor handle, and no other function "
                         "is exported")
           : fmt::format("it has no entry point: neither _start nor handle is exported (but {})",
                         fmt::join(functions, ", ")),
       std::move(hint)});
}

void explain_component(const wasm::Binary& binary, std::vector<Finding>& out) {
  const auto& exports = binary.component_exports;
  const std::string what =
      exports.empty()
          ? std::string("exports nothing")
          : fmt::format(
                "exports {}{}",
                fmt::join(exports.begin(),
                          exports.begin() + std::min<std::ptrdiff_t>(3, std::ssize(exports)), ", "),
                exports.size() > 3 ? ", …" : "");
  out.push_back({Finding::Kind::kStops, "component",
                 fmt::format("it is a component ({}) that cannot become one module", what), ""});
}

void explain_memory(const wasm::Binary& binary, const Limits& limits, std::vector<Finding>& out) {
  if (binary.memories.size() > 1) {
    out.push_back(
        {Finding::Kind::kStops, "several-memories",
         fmt::format("it has {} memories, and one is what can be given", binary.memories.size()),
         "build without the multi-memory feature"});
    return;
  }
  if (binary.memories.empty()) {
    return;
  }
  const wasm::MemoryType& memory = binary.memories.front();
  if (memory.shared) {
    out.push_back({Finding::Kind::kStops, "shared-memory",
                   "its memory is shared between threads, and a function here has one thread",
                   "build without threads: target wasm32-wasi rather than wasm32-wasi-threads, "
                   "without -pthread and -matomics"});
  }
  if (memory.is64) {
    out.push_back({Finding::Kind::kStops, "memory64", "its memory has 64-bit addresses",
                   "build for wasm32 rather than wasm64"});
  }
  if (!memory.is64 && memory.minimum * kPage > limits.memory) {
    out.push_back({Finding::Kind::kStops, "memory-limit",
                   fmt::format("its memory has {} from the start, and its limit is {}",
                               format_size(memory.minimum * kPage), format_size(limits.memory)),
                   fmt::format("raise the limit: --memory {0}MiB, or memory = \"{0}MiB\" under "
                               "[limits] in ferry.toml",
                               (memory.minimum * kPage + (1u << 20) - 1) >> 20)});
  }
}

void explain_tables(const wasm::Binary& binary, std::vector<Finding>& out) {
  std::uint64_t entries = 0;
  for (const wasm::TableType& table : binary.tables) {
    // Each is bounded before it is added, so that the sum cannot wrap.
    entries += std::min(table.minimum, kMaxTableEntries + 1);
  }
  if (entries > kMaxTableEntries) {
    out.push_back({Finding::Kind::kStops, "table-limit",
                   fmt::format("its tables have more than {} entries from the start, which no "
                               "engine here gives",
                               kMaxTableEntries),
                   "tables hold the addresses of functions: was the module damaged, or made by "
                   "hand?"});
  }
}

void explain_linking(const wasm::Binary& binary, std::vector<Finding>& out) {
  for (const wasm::Section& section : binary.sections) {
    if (section.name == "linking" || section.name.starts_with("reloc.")) {
      out.push_back({Finding::Kind::kStops, "object-file",
                     "it is an object file, which has yet to be linked",
                     "link it: clang --target=wasm32-wasi -o f.wasm f.o (build without -c)"});
      return;
    }
    if (section.name == "dylink.0" || section.name == "dylink") {
      out.push_back({Finding::Kind::kStops, "shared-library",
                     "it is a shared library, which runs only inside a program that loads it",
                     "link a program: without -shared, -fPIC and -sSIDE_MODULE"});
      return;
    }
  }
}

}  // namespace ferry::function
