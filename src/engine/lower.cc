#include "engine/lower.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/scratch.h"
#include "engine/compiler.h"
#include "engine/prepare_options.h"
#include "wasm/names.h"
#include "wasm/wasi_names.h"

namespace ferry::engine {
namespace {

constexpr std::string_view kBulkMemoryOpt = "--enable-bulk-memory-opt";
constexpr std::string_view kNewestTool =
    "`npm install -g binaryen@132.0.0` or, in ferry's source, `tools/setup.sh binaryen`";

// Only what the module uses is enabled: with bulk memory enabled, wasm-opt writes a section that
// counts the data segments, and readers without bulk memory refuse that.
struct Feature {
  std::string_view name;
  std::vector<std::string_view> enable;
  std::string_view pass = {};  // rewrites it in older instructions
};
std::vector<Feature> features() {
  return {
      {"bulk-memory", {"--enable-bulk-memory", kBulkMemoryOpt}, "--llvm-memory-copy-fill-lowering"},
      {"sign-ext", {"--enable-sign-ext"}, "--signext-lowering"},
      {"nontrapping-fptoint",
       {"--enable-nontrapping-float-to-int"},
       "--llvm-nontrapping-fptoint-lowering"},
      {"multivalue", {"--enable-multivalue"}},
      {"reference-types", {"--enable-reference-types"}},
      {"simd", {"--enable-simd"}},
      {"relaxed-simd", {"--enable-relaxed-simd"}},
      {"tail-call", {"--enable-tail-call"}},
  };
}

bool has(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The option that wasm-opt, by its words, does not have; empty if it complains of no option.
std::string_view unknown_option(std::string_view err) {
  constexpr std::string_view kWords = "Unknown option '";
  const std::size_t at = err.find(kWords);
  if (at == std::string_view::npos) return {};
  err.remove_prefix(at + kWords.size());
  return err.substr(0, err.find('\''));
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

bool is_socket_call(const wasm::Binary& binary, const wasm::Import& import) {
  if (import.module != wasm::kWasiModule || import.kind != wasm::ExternKind::kFunc) return false;
  const wasm::WasiName* call = wasm::find_wasi_call(import.name, binary.types[import.type]);
  return call != nullptr && !wasm::is_preview1(*call);
}

}  // namespace

wasm::Lowering lowering_for(const wasm::Binary& binary, const wasm::CodeFacts& facts,
                            const Capabilities& engine) {
  wasm::Features offered;
  offered.bulk_memory = engine.bulk_memory;
  offered.sign_extension = engine.sign_extension;
  offered.saturating_float_to_int = engine.saturating_float_to_int;
  offered.multi_value = engine.multi_value;
  offered.reference_types = engine.reference_types;
  offered.simd = engine.simd;
  offered.externref = engine.externref;
  offered.relaxed_simd = engine.relaxed_simd;
  offered.tail_calls = engine.tail_calls;
  wasm::Lowering out = wasm::lowering_for(facts, offered);
  if (engine.fixed_imports) {
    const auto imports = [&binary](auto predicate) {
      return std::ranges::any_of(binary.imports, predicate);
    };
    if (imports([&binary](const wasm::Import& each) { return is_socket_call(binary, each); })) {
      out.impossible.emplace_back("wasi-sockets");
    }
    if (imports([](const wasm::Import& each) {
          return each.module.starts_with("wasi:") || each.module.starts_with("ferry:");
        })) {
      out.impossible.emplace_back("component-imports");
    }
  }
  return out;
}

Result<std::string> find_wasm_opt() {
  std::vector<std::string> places;
  if (const char* named = std::getenv("FERRY_WASM_OPT"); named != nullptr && *named != '\0') {
    if (access(named, X_OK) == 0) return std::string(named);
    return errno_error(std::string("FERRY_WASM_OPT=") + named, errno);
  }
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string npm = "/ferry-build/npm/node_modules/.bin/wasm-opt";
  if (cache != nullptr && cache[0] == '/') {
    places.push_back(cache + npm);
  } else if (home != nullptr && home[0] == '/') {
    places.push_back(std::string(home) + "/.cache" + npm);
  }
  const char* searched = std::getenv("PATH");
  std::string_view path = searched != nullptr ? searched : "";
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    if (folder.starts_with('/')) places.push_back(std::string(folder) + "/wasm-opt");
    path.remove_prefix(std::min(path.size(), folder.size() + 1));
  }
  for (const std::string& place : places) {
    if (access(place.c_str(), X_OK) == 0) return place;
  }
  return Error{Code::kNotFound,
               "wasm-opt of binaryen is needed to rewrite this function for the engine",
               std::string(kNewestTool) + "; or name it in FERRY_WASM_OPT"};
}

Result<Bytes> run_wasm_opt(ByteView wasm, const std::vector<std::string>& flags,
                           std::string_view purpose, const LowerLimits& limits) {
  FERRY_TRY(const std::string tool, find_wasm_opt());
  FERRY_TRY(const ScratchFolder folder, ScratchFolder::make("lower"));
  const std::string in = folder.at("in.wasm");
  const std::string out = folder.at("out.wasm");
  FERRY_CHECK_OK(write_file_atomically(in, wasm, 0600));
  std::vector<std::string> words = {
      tool, in, "-o", out, "-g", "--enable-mutable-globals", "--enable-extended-const"};
  words.insert(words.end(), flags.begin(), flags.end());
  ChildBounds bounds;
  bounds.cpu_time = limits.cpu_time;
  bounds.wall = limits.cpu_time * kWallPerCpu;
  bounds.file_size = limits.result;
  FERRY_TRY(ChildEnd end, run_child(tool, words, -1, bounds));
  // Before binaryen 120, bulk memory was one feature.
  if (unknown_option(end.err) == kBulkMemoryOpt) {
    std::erase(words, kBulkMemoryOpt);
    FERRY_TRY(end, run_child(tool, words, -1, bounds));
  }
  if (end.fine()) return read_file(out, limits.result);
  if (end.too_late || (WIFSIGNALED(end.status) &&
                       (WTERMSIG(end.status) == SIGXCPU || WTERMSIG(end.status) == SIGKILL))) {
    return Error{Code::kLimit,
                 "to " + std::string(purpose) + ", wasm-opt took more than " +
                     std::to_string(limits.cpu_time.count()) + " s of CPU time",
                 ""};
  }
  if (const std::string_view option = unknown_option(end.err); !option.empty()) {
    return Error{Code::kUnsupported,
                 "could not " + std::string(purpose) + ": " + tool + " is too old, it has no " +
                     std::string(option),
                 std::string(kNewestTool) + "; or name it in FERRY_WASM_OPT"};
  }
  return Error{Code::kInvalid,
               "wasm-opt could not " + std::string(purpose) + ": " + end.err.substr(0, 500), ""};
}

Result<Bytes> lower(ByteView wasm, const wasm::Lowering& lowering, std::string_view engine,
                    const LowerLimits& limits) {
  if (!lowering.impossible.empty()) {
    return Error{Code::kUnsupported,
                 "the function uses " + joined(lowering.impossible) + ", which " +
                     std::string(engine) + " does not have and which has no older form",
                 "run it on another engine: `ferry engines` lists them"};
  }
  std::vector<std::string> flags;
  std::vector<std::string> passes;
  for (const Feature& feature : features()) {
    const bool rewritten = has(lowering.rewrite, feature.name);
    if (rewritten) passes.emplace_back(feature.pass);
    if (rewritten || has(lowering.keep, feature.name)) {
      flags.insert(flags.end(), feature.enable.begin(), feature.enable.end());
    }
  }
  flags.insert(flags.end(), passes.begin(), passes.end());
  return run_wasm_opt(
      wasm, flags,
      "rewrite the function (" + joined(lowering.rewrite) + ") for " + std::string(engine), limits);
}

Result<Ready> ready_for(ByteView wasm, const wasm::Binary& binary, const Info& engine) {
  const wasm::PrepareOptions how = prepare_options(engine);
  Ready ready;
  ready.binary = binary;
  FERRY_TRY(ready.prepared, wasm::prepare(wasm, binary, how));
  const wasm::Lowering lowering = lowering_for(binary, ready.prepared.facts, engine.capabilities);
  if (!lowering.needed() && lowering.impossible.empty()) return ready;
  // Lowered first, so that what preparation adds is in all of it.
  FERRY_TRY(const Bytes lowered,
            lower(wasm::without_custom_sections(wasm, binary), lowering, engine.name, {}));
  FERRY_TRY(ready.binary, wasm::read_binary(lowered));
  FERRY_TRY(ready.prepared, wasm::prepare(lowered, ready.binary, how));
  return ready;
}

}  // namespace ferry::engine
