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
  how.environment_varies = options.environment_varies;
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
               taken->compared_on);
    for (const std::string& line : taken->notes) {
      fmt::print(stderr, "ferry: {}: {}\n", function.name, line);
    }
  }
  return std::move(taken->function);
}

// The engine that makes code for an architecture; for another than this one it only compiles.
struct Maker {
  Architecture architecture;
  engine::LoadedEngine engine;
};

Result<std::vector<Maker>> load_makers(const PackOptions& options,
                                       engine::EngineOptions engine_options) {
  std::vector<Maker> out;
  for (const Architecture architecture : options.architectures) {
    const bool foreign = architecture != kThisArchitecture;
    engine_options.compile_only = foreign;
    FERRY_TRY(auto engine, engine::load_engine(
                               foreign ? fmt::format("{}-{}", kShippedEngine, name_of(architecture))
                                       : std::string(kShippedEngine),
                               engine_options));
    out.push_back({architecture, std::move(engine)});
  }
  return out;
}

// For one architecture, signed.
Result<Bytes> make_signed(const PackOptions& options, const function::Function& original,
                          const function::Function& packed, const KeyPair& keys, const Maker& maker,
                          const engine::EngineOptions& engine_options) {
  engine::Engine& engine = *maker.engine;
  bool cached = false;
  FERRY_TRY(auto stored, builder::make_bundle(packed, engine.info(), engine_options,
                                              options.common.quiet, &cached));
  FERRY_TRY(const Bytes artifact, stored.artifact->bytes());
  bundle::BundleInfo info = stored.info;
  info.function_name = original.name;
  info.function_digest = original.digest;  // a snapshot is no other function
  info.manifest = function::manifest_to_toml(original.manifest);
  info.files = original.manifest.file_tree;
  Bytes out = bundle::write_bundle(info, artifact, keys.secret);
  // What a start uses can be seen only where the code runs.
  if (maker.architecture != kThisArchitecture) return out;
  FERRY_TRY(const auto written, bundle::open_bundle(out, keys.shown));
  // A second bundle of the same, which says what a start uses; without it a start takes longer.
  if (auto early = builder::early_code(engine, packed, written, options.cases); early.ok()) {
    info.early = std::move(*early);
    out = bundle::write_bundle(info, artifact, keys.secret);
  }
  return out;
}

package::ImageSpec image_of(Bytes program, const Packed& packed, const ImageParts& parts,
                            const PackedBundle& bundle) {
  package::ImageSpec spec;
  spec.tag = parts.tag;
  spec.architecture = name_of(bundle.architecture);
  spec.command = parts.command;
  spec.files.push_back({"ferry/ferry-host", std::move(program), 0755});
  spec.files.push_back({"ferry/ferry.pub", to_bytes(packed.key), 0644});
  spec.entrypoint = {"/ferry/ferry-host"};
  // The image has no system to bring certificates: those that are trusted here go along.
  if (!parts.with_function || packed.function.manifest.grants.network()) {
    const std::string trusted = host::machine_certificates();
    if (!trusted.empty()) {
      spec.files.push_back(
          {fmt::format("{}/{}", wasi::kCaFolderPath + 1, wasi::kCaName), to_bytes(trusted), 0644});
    }
  }
  spec.labels["io.ferry.version"] = FERRY_VERSION;
  if (parts.with_function) {
    const function::Function& function = packed.function;
    const std::string manifest = function::manifest_to_toml(function.manifest);
    spec.files.push_back({fmt::format("ferry/{}.ferry", function.name), bundle.bytes, 0644});
    spec.files.push_back({"ferry/ferry.toml", to_bytes(manifest), 0644});
    spec.labels["io.ferry.function"] = function.name;
    spec.labels["io.ferry.digest"] = function.digest;
    spec.labels["io.ferry.engine"] = packed.engine;
  }
  return spec;
}

}  // namespace

Result<Packed> pack_function(const PackOptions& options) {
  Packed out;
  FERRY_TRY(out.function, builder::read_function(options.path, options.common));
  FERRY_CHECK_OK(check_grants(out.function));
  FERRY_TRY(const KeyPair keys, load_key_pair(options.key));
  engine::EngineOptions engine_options = builder::engine_options_for({&out.function, 1});
  engine_options.max_instances = options.no_snapshot ? 1 : 4;
  FERRY_TRY(const std::vector<Maker> makers, load_makers(options, engine_options));
  std::optional<function::Function> snapshot;
  if (!options.no_snapshot) {
    // Its wasm is the same for every architecture.
    std::optional<engine::LoadedEngine> runner;  // where none of the makers runs here
    const auto native = std::ranges::find(makers, kThisArchitecture, &Maker::architecture);
    if (native == makers.end()) {
      FERRY_TRY(runner, engine::load_engine(kShippedEngine, engine_options));
    }
    snapshot = try_snapshot(options, out.function, keys, runner ? **runner : *native->engine,
                            engine_options);
  }
  const function::Function& packed = snapshot ? *snapshot : out.function;
  for (const Maker& maker : makers) {
    FERRY_TRY(Bytes bytes, make_signed(options, out.function, packed, keys, maker, engine_options));
    out.bundles.push_back({maker.architecture, std::move(bytes)});
  }
  out.key = key_text(keys.shown);
  const engine::Info& engine = makers.front().engine->info();
  out.engine = engine.name + " " + engine.version;
  return out;
}

Result<Bytes> read_shipped(const std::string& name, Architecture architecture) {
  const std::string folder = program_folder() + "/";
  if (architecture == kThisArchitecture) {
    auto program = read_file(folder + name, kMaxProgram);
    if (!program.ok()) {
      program.error().hint = fmt::format("`cmake --build build --target {}` makes it", name);
    }
    return program;
  }
  const std::string_view other = name_of(architecture);
  for (const char* place : {"../lib/ferry/", ""}) {
    auto program = read_file(fmt::format("{}{}{}/{}", folder, place, other, name), kMaxProgram);
    if (program.ok() || program.error().code != Code::kNotFound) return program;
  }
  return Error{Code::kNotFound,
               fmt::format("the {} for {} is not here: neither in {}../lib/ferry/{} nor in {}{}",
                           name, other, folder, other, folder, other),
               architecture == Architecture::kAmd64
                   ? "use a ferry for x86-64, whose packages make both (docs/arm64.md)"
               : name == "ferry-host"
                   ? "`make arm64` builds it, and the compiler that makes bundles for it"
                   : "`make arm64-ferry` builds it (docs/arm64.md)"};
}

Result<package::Image> make_image(const Packed& packed, const ImageParts& parts) {
  std::vector<package::ImageSpec> specs;
  for (const PackedBundle& bundle : packed.bundles) {
    FERRY_TRY(Bytes program, read_shipped(parts.program, bundle.architecture));
    specs.push_back(image_of(std::move(program), packed, parts, bundle));
  }
  return package::write_image(specs);
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
