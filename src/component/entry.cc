#include "component/entry.h"

#include <algorithm>

#include <fmt/format.h>

#include "component/errors.h"

namespace ferry::component {
namespace {

using wasm::ValType;

struct Kind {
  std::string_view interface;
  std::string_view version;  // begins with
  std::string_view function;
  bool is_http;
  Generation generation;
};

constexpr Kind kKinds[] = {
    {"wasi:http/handler", "0.3.", "handle", true, Generation::kWasi03},
    {"wasi:http/incoming-handler", "0.2.", "handle", true, Generation::kWasi02},
    {"wasi:cli/run", "0.3.", "run", false, Generation::kWasi03},
    {"wasi:cli/run", "0.2.", "run", false, Generation::kWasi02},
};

// "wasi:cli/run@0.2.3" is of interface "wasi:cli/run" and version "0.2.3".
bool is_of(std::string_view name, const Kind& kind) {
  return name.starts_with(kind.interface) && name.substr(kind.interface.size()).starts_with('@') &&
         name.substr(kind.interface.size() + 1).starts_with(kind.version);
}

Error no_entry(const Component& component) {
  std::vector<std::string_view> names;
  for (const ExportedItem& item : component.exports) {
    for (const Kind& kind : kKinds) {
      if (item.name.starts_with(kind.interface) &&
          (item.name.size() == kind.interface.size() || item.name[kind.interface.size()] == '@')) {
        return unsupported(
            fmt::format("it exports {}, a version of WASI that is not offered", item.name),
            "build it for WASI 0.2 or 0.3");
      }
    }
    if (names.size() < 3) names.push_back(item.name);
  }
  return unsupported(
      names.empty() ? std::string("it exports nothing")
                    : fmt::format("it exports neither wasi:http/incoming-handler nor wasi:cli/run "
                                  "(but {}{})",
                                  fmt::join(names, ", "),
                                  component.exports.size() > names.size() ? ", …" : ""),
      "build it for the world wasi:http/proxy or wasi:cli/command: those take events");
}

Status check_types(const Graph& graph, const Entry& entry) {
  const wasm::FuncType* core = graph.type_of(entry.core);
  wasm::FuncType wanted;
  if (entry.is_http) {
    wanted.params = entry.generation == Generation::kWasi02
                        ? std::vector{ValType::kI32, ValType::kI32}
                        : std::vector{ValType::kI32};
  }
  if (!entry.is_http || entry.generation == Generation::kWasi03) wanted.results = {ValType::kI32};
  bool good = core != nullptr && *core == wanted;
  if (entry.callback) {
    const wasm::FuncType* callback = graph.type_of(*entry.callback);
    good =
        good && callback != nullptr &&
        *callback == wasm::FuncType{{ValType::kI32, ValType::kI32, ValType::kI32}, {ValType::kI32}};
  }
  if (entry.post_return) {
    const wasm::FuncType* post = graph.type_of(*entry.post_return);
    good = good && post != nullptr && post->results.empty() && post->params == wanted.results;
  }
  if (good) return Done{};
  return Error{Code::kInvalid,
               fmt::format("{} of {} is lifted from a core function of another type",
                           entry.function, entry.interface),
               ""};
}

Result<Entry> make_entry(const Graph& graph, const Kind& kind, std::string_view interface,
                         const Func& lifted) {
  Entry entry;
  entry.is_http = kind.is_http;
  entry.generation = kind.generation;
  entry.interface = interface;
  entry.function = kind.function;
  FERRY_TRY(entry.core, graph.find_core(CoreSort::kFunc, lifted.core_func));
  if (kind.generation == Generation::kWasi03) {
    if (!lifted.options.is_async || !lifted.options.callback) {
      return unsupported(
          fmt::format("it lifts {} {}", interface,
                      lifted.options.is_async ? "with a stack of its own for each task"
                                              : "as a function that blocks"),
          "let the toolchain lift it with `async` and `callback`, as wit-bindgen does");
    }
    FERRY_TRY(entry.callback, graph.find_core(CoreSort::kFunc, *lifted.options.callback));
  } else if (lifted.options.is_async) {
    return unsupported(fmt::format("it lifts {} asynchronously, which is for WASI 0.3", interface));
  }
  if (lifted.options.post_return) {
    FERRY_TRY(entry.post_return, graph.find_core(CoreSort::kFunc, *lifted.options.post_return));
  }
  FERRY_CHECK_OK(check_types(graph, entry));
  return entry;
}

}  // namespace

std::string_view generation_name(Generation generation) {
  return generation == Generation::kWasi02 ? "0.2" : "0.3";
}

Result<Entry> find_entry(const Graph& graph) {
  const auto& exports = graph.component().exports;
  for (const Kind& kind : kKinds) {
    const auto found = std::ranges::find_if(exports, [&](const ExportedItem& item) {
      return item.what.sort == Sort::kInstance && is_of(item.name, kind);
    });
    if (found == exports.end()) continue;
    FERRY_TRY(const FoundFunc func, graph.find_export(found->name, kind.function));
    if (func.lifted == nullptr) {
      return unsupported(
          fmt::format("its {} is not its own: it has no function '{}', or passes on "
                      "one that it imports",
                      found->name, kind.function));
    }
    return make_entry(graph, kind, found->name, *func.lifted);
  }
  return no_entry(graph.component());
}

}  // namespace ferry::component
