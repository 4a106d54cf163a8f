#include "packaging/parts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/this_program.h"
#include "builder/probe.h"
#include "builder/snapshot_builder.h"
#include "engine/loader.h"
#include "engine/lower.h"
#include "generated/version.h"
#include "host/network_access.h"
#include "package/tar.h"

namespace ferry::packaging {
namespace {

constexpr std::uint64_t kMaxProgram = 256u << 20;
constexpr char kShippedEngine[] = "wasmtime:portable";

Status check_grants(const function::Function& function) {
  for (const function::DirGrant& grant : function.manifest.grants.dirs) {
    if (!grant.host.starts_with('/')) {
      return Error{Code::kUsage,
                   fmt::format("{} is granted the folder {}, which is not part of a package",
                               function.name, grant.host),
                   "grant an absolute path, and mount the folder there where it runs"};
    }
  }
  return Done{};
}

// Of a smaller module it is over before anyone could read about it.
constexpr std::size_t kWorthSaying = 1u << 20;

// What is packed in place of the function: a snapshot of it, or nothing, with the reason said.
std::optional<function::Function> try_snapshot(const PackOptions& options,
                                               const function::Function& function,
                                               const KeyPair& keys, engine::Engine& engine,
                                               const engine::EngineOptions& engine_options) {
  const bool quiet = options.common.quiet;
  if (const std::string of = builder::snapshot_of(function); !of.empty()) {
    if (!quiet) {
      fmt::print(stderr, "ferry: {}: it is a snapshot of {}\n", function.name, of);
    }
    return std::nullopt;
  }
  builder::KeyedRandom random(keys.secret.secret, function.digest);
  builder::SnapshotRequest how;
  how.unasked = true;
  how.random = &random;
  how.cases = options.cases;
  how.platform = options.platform;
  if (!quiet && function.wasm.size() >= kWorthSaying) {
    fmt::print(stderr, "ferry: {}: creating a start-up snapshot (skip with --no-snapshot)\n",
               function.name);
  }
  Result<builder::BuiltSnapshot> taken = Error{Code::kUnsupported, "", ""};
  if (auto tool = engine::find_wasm_opt();
      !tool.ok() && function.binary.abi == wasm::Abi::kCommand) {
    taken = Error{Code::kNotFound, "no snapshot: wasm-opt of binaryen is missing",
                  "`apt-get install binaryen`, or name it in FERRY_WASM_OPT"};
  } else {
    taken = builder::build_snapshot(engine, engine_options, function, how);
  }
  if (!taken.ok()) {
    if (!quiet) {
      const Error& why = taken.error();
      fmt::print(stderr, "ferry: {}: packed as it is; {}{}{}\n", function.name, why.message,
                 why.hint.empty() ? "" : "\n  hint: ", why.hint);
    }
    return std::nullopt;
  }
  if (!quiet) {
    fmt::print(stderr, "ferry: {}: packed as a snapshot of its start-up; {}\n", function.name,
               taken->same);
    for (const std::string& line : taken->notes) {
      fmt::print(stderr, "ferry: {}: {}\n", function.name, line);
    }
  }
  return std::move(taken->function);
}

}  // namespace

Result<Packed> pack_function(const PackOptions& options) {
  Packed out;
  FERRY_TRY(out.function, builder::read_function(options.path, options.common));
  FERRY_CHECK_OK(check_grants(out.function));
  FERRY_TRY(const KeyPair keys, load_key_pair(options.key));
  engine::EngineOptions engine_options = builder::engine_options_for({&out.function, 1});
  engine_options.max_instances = options.no_snapshot ? 1 : 4;
  FERRY_TRY(auto engine, engine::load_engine(kShippedEngine, engine_options));
  std::optional<function::Function> snapshot;
  if (!options.no_snapshot) {
    snapshot = try_snapshot(options, out.function, keys, *engine, engine_options);
  }
  bool cached = false;
  const function::Function& packed = snapshot ? *snapshot : out.function;
  FERRY_TRY(auto stored, builder::make_bundle(packed, engine->info(), engine_options,
                                              options.common.quiet, &cached));
  FERRY_TRY(const Bytes artifact, stored.artifact->bytes());
  bundle::BundleInfo info = stored.info;
  info.function_name = out.function.name;
  info.function_digest = out.function.digest;  // a snapshot is no other function
  info.manifest = function::manifest_to_toml(out.function.manifest);
  out.bundle = bundle::write_bundle(info, artifact, keys.secret);
  FERRY_TRY(const auto written, bundle::open_bundle(out.bundle, keys.shown));
  // A second bundle of the same, which says what a start uses; without it a start takes longer.
  if (auto early = builder::early_code(*engine, packed, written, options.cases); early.ok()) {
    info.early = std::move(*early);
    out.bundle = bundle::write_bundle(info, artifact, keys.secret);
  }
  out.key = key_text(keys.shown);
  out.engine = engine->info().name + " " + engine->info().version;
  return out;
}

Result<Bytes> read_shipped(const std::string& name) {
  auto program = read_file(program_folder() + "/" + name, kMaxProgram);
  if (!program.ok()) {
    program.error().hint = fmt::format("`cmake --build build --target {}` makes it", name);
  }
  return program;
}

package::ImageSpec image_of(Bytes program, const std::string& key, const Packed* packed) {
  package::ImageSpec spec;
  spec.files.push_back({"ferry/ferry-host", std::move(program), 0755});
  spec.files.push_back({"ferry/ferry.pub", Bytes(key.begin(), key.end()), 0644});
  spec.entrypoint = {"/ferry/ferry-host"};
  // The image has no system to bring certificates: those that are trusted here go along.
  if (packed == nullptr || packed->function.manifest.grants.network()) {
    const std::string trusted = host::machine_certificates();
    if (!trusted.empty()) {
      spec.files.push_back({fmt::format("{}/{}", wasi::kCaFolderPath + 1, wasi::kCaName),
                            Bytes(trusted.begin(), trusted.end()), 0644});
    }
  }
  spec.labels["io.ferry.version"] = FERRY_VERSION;
  if (packed != nullptr) {
    const function::Function& function = packed->function;
    const std::string manifest = function::manifest_to_toml(function.manifest);
    spec.files.push_back({fmt::format("ferry/{}.ferry", function.name), packed->bundle, 0644});
    spec.files.push_back({"ferry/ferry.toml", Bytes(manifest.begin(), manifest.end()), 0644});
    spec.labels["io.ferry.function"] = function.name;
    spec.labels["io.ferry.digest"] = function.digest;
    spec.labels["io.ferry.engine"] = packed->engine;
  }
  return spec;
}

std::string image_tag(const PackOptions& options, const function::Function& function) {
  if (!options.tag.empty()) {
    return options.tag;
  }
  std::string out;
  for (char c : function.name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool upper = c >= 'A' && c <= 'Z';
    if (letter || upper) {
      out += upper ? static_cast<char>(c + 32) : c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (out.ends_with('-')) {
    out.pop_back();
  }
  return out.empty() ? "function" : out;
}

Status write_mark(const PackOptions& options, const Packed& packed, const std::string& platform,
                  deploy::Fields settings) {
  const deploy::Mark mark{platform, packed.function.name, packed.function.digest, FERRY_VERSION,
                          std::move(settings)};
  const std::string text = deploy::to_json(mark);
  return write_into(options.folder, deploy::kMarkName, as_bytes(text));
}

Status write_into(const std::string& folder, const std::string& name, ByteView bytes) {
  FERRY_CHECK_OK(make_directories(folder));
  return write_file_atomically(folder + "/" + name, bytes);
}

}  // namespace ferry::packaging
