// What imports that nobody here offers tell about the toolchain, and which flag brought them.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "function/explain.h"
#include "wasi2/functions.h"
#include "wasm/entry_export.h"
#include "wasm/prepare.h"
#include "wasm/wasi_names.h"

namespace ferry::function {
namespace {

struct Mark {
  std::string_view module;  // of the import; '*' at the end: begins with
  std::string_view name;    // likewise
  std::string_view id;
  std::string_view what;  // behind "it imports a.b, c.d: "
  std::string_view hint;
};

constexpr std::string_view kEmscriptenHint =
    "build with wasi-sdk or clang --target=wasm32-wasi; with Emscripten, -sSTANDALONE_WASM covers "
    "programs that use plain files and stdio only";

// The first that fits counts.
constexpr Mark kMarks[] = {
    {"wasi_unstable", "*", "wasi-unstable", "the WASI of 2019, before its snapshot preview 1",
     "rebuild with a newer toolchain: wasi-sdk 9, Rust 1.45, or later"},
    {"wasi_snapshot_preview1", "sock_*", "wasi-sockets",
     "a call of a sockets extension that is not offered (WasmEdge's are)",
     "docs/network.md says how a program in each language connects"},
    {"wasi_snapshot_preview1", "*", "wasi-unknown", "no call of WASI preview 1 has this name",
     "was it built for a newer or an extended WASI? build for wasm32-wasip1"},
    {"wasi", "thread-spawn", "threads", "it starts threads, and a function here has one",
     "build for wasm32-wasi rather than wasm32-wasi-threads, and without -pthread"},
    {"wasix_*", "*", "wasix", "WASIX, Wasmer's own extension of WASI",
     "build for wasm32-wasip1 instead of wasm32-wasmer-wasi (cargo build, not cargo wasix)"},
    {"wasi_ephemeral_nn", "*", "wasi-nn", "the wasi-nn proposal (inference by the host)",
     "no platform here offers it to a function; run the model in the function itself"},
    {"wasi_*", "*", "wasi-other", "a version of WASI or an extension that is not offered",
     "build for WASI preview 1: wasm32-wasip1, GOOS=wasip1"},
    {"wasi:*", "*", "half-component", "WASI 0.2 interfaces: this is the inside of a component",
     "give the component itself: wasm-tools component new, or cargo build --target wasm32-wasip2"},
    {"gojs", "*", "go-js", "Go built for JavaScript hosts (GOOS=js)",
     "build with GOOS=wasip1 GOARCH=wasm"},
    {"go", "*", "go-js", "Go built for JavaScript hosts (GOOS=js)",
     "build with GOOS=wasip1 GOARCH=wasm"},
    {"wbg", "*", "wasm-bindgen", "wasm-bindgen's glue to JavaScript",
     "build with cargo build --target wasm32-wasip1, without wasm-bindgen and wasm-pack"},
    {"__wbindgen*", "*", "wasm-bindgen", "wasm-bindgen's glue to JavaScript",
     "build with cargo build --target wasm32-wasip1; a dependency (js-sys, web-sys, or chrono, "
     "getrandom with their js features) brings it in"},
    {"./*", "*", "js-glue", "a JavaScript file that a bundler would have given it",
     "build for WASI preview 1 rather than for the web"},
    {"a", "*", "emscripten", "Emscripten's imports, with shortened names", kEmscriptenHint},
    {"env", "emscripten_*", "emscripten", "Emscripten's runtime in JavaScript", kEmscriptenHint},
    {"env", "_emscripten_*", "emscripten", "Emscripten's runtime in JavaScript", kEmscriptenHint},
    {"env", "__syscall_*", "emscripten", "Emscripten's runtime in JavaScript", kEmscriptenHint},
    {"env", "invoke_*", "emscripten", "Emscripten's runtime in JavaScript", kEmscriptenHint},
    {"env", "__cxa_throw", "cxx-exceptions", "C++ exceptions, which have no runtime here",
     "build with -fno-exceptions"},
    {"env", "__cxa_*", "cxx-exceptions", "C++ exceptions, which have no runtime here",
     "build with -fno-exceptions"},
    {"env", "setjmp", "setjmp", "setjmp and longjmp, which need the exceptions proposal",
     "return errors instead, or leave out the library that uses them"},
    {"env", "longjmp", "setjmp", "setjmp and longjmp, which need the exceptions proposal",
     "return errors instead, or leave out the library that uses them"},
    {"env", "proxy_*", "proxy-wasm", "the proxy-wasm interface: this is a filter for a proxy",
     "a filter is not a function: it needs Envoy or the like"},
    {"env", "abort", "assemblyscript", "AssemblyScript's default abort",
     "build with @assemblyscript/wasi-shim: asc --config "
     "./node_modules/@assemblyscript/wasi-shim/asconfig.json"},
    {"env", "seed", "assemblyscript", "AssemblyScript's default seed",
     "build with @assemblyscript/wasi-shim: asc --config "
     "./node_modules/@assemblyscript/wasi-shim/asconfig.json"},
    {"GOT.*", "*", "shared-library", "position-independent code that wants a dynamic linker",
     "link a program: without -shared, -fPIC and -sMAIN_MODULE"},
    {"extism*", "*", "extism", "Extism's host functions: this is an Extism plug-in",
     "build a plain program: read stdin, write stdout"},
    {"fastly_*", "*", "fastly", "Fastly Compute's host functions",
     "build a plain program for wasm32-wasip1: read stdin, write stdout"},
    {"wasmedge*", "*", "wasmedge", "host functions of WasmEdge alone",
     "build without WasmEdge's extensions"},
    {"ferry*", "*", "reserved", "a name that ferry keeps for itself", "choose another module name"},
    {"env", "*", "undefined-symbol",
     "nobody defines it: the linker was set to turn undefined symbols into imports",
     "link without -Wl,--allow-undefined (or Rust's extern block) to see who uses it, and link the "
     "library that defines it"},
    {"*", "*", "unknown-import", "nobody here offers it",
     "only WASI preview 1 is offered (wasi_snapshot_preview1); build without what needs the rest"},
};

bool fits(std::string_view pattern, std::string_view text) {
  if (pattern.ends_with('*')) {
    return text.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return pattern == text;
}

// "env.foo"; what a terminal must not get is shown escaped.
std::string shown(const wasm::Import& import) {
  std::string out;
  for (char c : import.module + "." + import.name) {
    if (out.size() > 100) {
      return out + "…";
    }
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return out;
}

// The same of a component.
constexpr Mark kWasi03 = {"", "", "wasi-0.3", "a part of WASI 0.3 that is not offered",
                          "docs/wasi2.md lists what is; the same interface of WASI 0.2 may be"};
constexpr Mark kTaskReturn = {
    "", "", "other-task", "it has an asynchronous function that no event calls",
    "export wasi:http/handler@0.3 or wasi:cli/run@0.3 alone: those take events"};
constexpr Mark kOtherWasi = {
    "", "", "wasi-unknown-interface", "an interface or version of WASI that is not offered",
    "build it for the world wasi:http/proxy or wasi:cli/command of WASI 0.2, or wasi:http/service "
    "or wasi:cli/command of 0.3"};
constexpr Mark kOtherInterface = {
    "", "", "unknown-interface", "an interface that nobody here offers",
    "leave it out of the component's world, or compile in what implements it"};

const Mark& mark_of_component(const wasm::Import& import) {
  if (import.module == wasm::kCanonModule && import.name.starts_with("task.return")) {
    return kTaskReturn;
  }
  if (import.module == wasm::kCanonModule || import.module == wasm::kAbiModule ||
      import.module.find("@0.3.") != std::string::npos) {
    return kWasi03;
  }
  return import.module.starts_with("wasi:") ? kOtherWasi : kOtherInterface;
}

// "iI" of two parameters of types i32 and i64.
bool has_letters(const std::vector<wasm::ValType>& types, std::string_view letters) {
  return std::equal(types.begin(), types.end(), letters.begin(), letters.end(),
                    [](wasm::ValType type, char letter) {
                      return type == (letter == 'I' ? wasm::ValType::kI64 : wasm::ValType::kI32);
                    });
}

// Whether the host of components serves it; what it has with another type is said.
bool is_served_to_components(const wasm::Binary& binary, const wasm::Import& import,
                             std::vector<Finding>& out) {
  const wasi2::Function* served = import.kind == wasm::ExternKind::kFunc
                                      ? wasi2::find_function(import.module, import.name)
                                      : nullptr;
  if (served == nullptr) {
    return false;
  }
  const wasm::FuncType& type = binary.types[import.type];
  if (!has_letters(type.params, served->params) || !has_letters(type.results, served->results)) {
    out.push_back(
        {Finding::Kind::kStops, "wasi-type",
         fmt::format("it imports {} with a type that WASI's function does not have", shown(import)),
         "build it with a toolchain for WASI 0.2 or 0.3, or give the component itself"});
  }
  return true;
}

const Mark& mark_of(const wasm::Import& import, bool of_component) {
  if (of_component) {
    return mark_of_component(import);
  }
  return *std::find_if(std::begin(kMarks), std::end(kMarks), [&](const Mark& mark) {
    return fits(mark.module, import.module) && fits(mark.name, import.name);
  });
}

}  // namespace

void explain_imports(const wasm::Binary& binary, std::vector<Finding>& out) {
  const bool of_component = binary.abi == wasm::Abi::kHttp || binary.abi == wasm::Abi::kRun;
  std::map<const Mark*, std::vector<std::string>> groups;
  for (const wasm::Import& import : binary.imports) {
    if (import.module == wasm::kWasiModule && import.kind == wasm::ExternKind::kFunc) {
      if (wasm::is_wasi_name(import.name)) {
        if (wasm::find_wasi_call(import.name, binary.types[import.type]) == nullptr) {
          out.push_back(
              {Finding::Kind::kStops, "wasi-type",
               fmt::format("it imports {} with a type that the call does not have", shown(import)),
               "build with a toolchain for WASI preview 1 (wasm32-wasip1)"});
        }
        continue;
      }
    }
    if (of_component && is_served_to_components(binary, import, out)) {
      continue;
    }
    groups[&mark_of(import, of_component)].push_back(shown(import));
  }
  for (const auto& [mark, names] : groups) {
    const auto few = std::min<std::ptrdiff_t>(3, std::ssize(names));
    std::string list = fmt::format("{}", fmt::join(names.begin(), names.begin() + few, ", "));
    if (std::ssize(names) > few) {
      list += fmt::format(" and {} more", std::ssize(names) - few);
    }
    out.push_back({Finding::Kind::kStops, mark->id,
                   fmt::format("it imports {}: {}", list, mark->what), std::string(mark->hint)});
  }
  for (const wasm::Export& item : binary.exports) {
    if (wasm::is_reserved_export(item.name)) {
      out.push_back({Finding::Kind::kStops, "reserved",
                     "it exports a name that begins with 'ferry:', which ferry keeps for itself",
                     "rename the export; a file that ferry prepared is not for running again"});
      break;
    }
  }
}

}  // namespace ferry::function
