#include "builder/function_options.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/say.h"
#include "builder/allow.h"
#include "builder/bundle_store.h"
#include "builder/said_once.h"
#include "builder/snapshot_builder.h"
#include "builder/values.h"
#include "bundle/bundle_mark.h"
#include "engine/advisories.h"
#include "engine/compiler.h"

namespace ferry::builder {
namespace {

// Compilation of a small module is over before anyone could read about it.
constexpr std::size_t kWorthSaying = 1u << 20;

// As load_engine() takes it.
std::string engine_name(const engine::Info& engine) {
  return engine.name + (engine.variant.empty() ? "" : ":" + engine.variant);
}

}  // namespace

Status apply_options(const FunctionOptions& options, function::Function& function) {
  function::Manifest& manifest = function.manifest;
  if (options.timeout) {
    manifest.limits.timeout = *options.timeout;
  }
  if (options.memory) {
    manifest.limits.memory = *options.memory;
  }
  for (const std::string& path : options.env_files) {
    FERRY_TRY(const NamedValues values, read_env_file(path));
    for (const auto& [name, value] : values) {
      manifest.grants.env[name] = value;
    }
  }
  for (const std::string& entry : options.env) {
    auto equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Code::kUsage, fmt::format("--env {}: no NAME=VALUE", entry),
                   "for example --env LEVEL=debug"};
    }
    const std::string name = entry.substr(0, equals);
    FERRY_TRY(manifest.grants.env[name], value_of(entry.substr(equals + 1), "--env " + name));
  }
  if (!options.warm.empty()) {
    manifest.warm = options.warm;
  }
  for (const std::string& entry : options.dirs) {
    FERRY_TRY(auto grant, function::parse_dir_grant(entry));
    manifest.grants.dirs.push_back(std::move(grant));
  }
  for (const std::string& entry : options.connect) {
    if (auto grant = net::parse_grant(entry); !grant.ok()) {
      return Error{Code::kUsage, "--connect " + grant.error().message, grant.error().hint};
    }
    manifest.grants.connect.push_back(entry);
  }
  return Done{};
}

Error bundle_in_place_of_wasm(const std::string& path) {
  return {Code::kUsage,
          fmt::format("{} is a bundle: a function that 'ferry pack' compiled and signed", path),
          fmt::format("serve it with 'ferry-host --bundle {}', or give the .wasm file that it was "
                      "made from; 'ferry run' takes bundles that this user packed",
                      path)};
}

Result<function::Function> open_function(const std::string& path, const std::string& manifest,
                                         function::Sections sections) {
  auto loaded = function::load_function(path, manifest, sections, &lowered_cache());
  if (!loaded.ok() && loaded.error().code == Code::kInvalid && bundle::is_bundle(path)) {
    return bundle_in_place_of_wasm(path);
  }
  return loaded;
}

Status read_again(function::Function& function) {
  if (!function.wasm.empty()) return Done{};
  FERRY_TRY(Bytes wasm, read_file(function.path, wasm::kMaxWasmBytes));
  FERRY_TRY(auto again, function::make_function(function.name, std::move(wasm), function.manifest,
                                                &lowered_cache()));
  if (again.digest != function.digest) {
    return Error{Code::kInvalid, fmt::format("{} has changed since it was read", function.path),
                 "have it read again (SIGHUP, for a server), or start the program again"};
  }
  function.wasm = std::move(again.wasm);
  function.binary = std::move(again.binary);
  return Done{};
}

Result<function::Function> read_function(const std::string& path, const FunctionOptions& options) {
  FERRY_TRY(auto function, open_function(path, options.manifest, options.sections));
  FERRY_TRY(const function::Asks asks,
            function::find_asks(path, options.manifest, options.sections));
  FERRY_CHECK_OK(require_allowed(function, asks, options.allow, options.quiet));
  FERRY_CHECK_OK(apply_options(options, function));
  FERRY_CHECK_OK(function::check_runnable(function));
  FERRY_CHECK_OK(check_frozen_folders(function));
  return function;
}

engine::EngineOptions engine_options_for(std::span<const function::Function> functions) {
  engine::EngineOptions options;
  std::uint64_t memory = 0;
  std::uint32_t instances = 0;
  for (const function::Function& function : functions) {
    memory = std::max(memory, function.manifest.limits.memory);
    instances += function.manifest.limits.concurrency + 1;  // one shows what others are reset to
    options.count_instructions |= function.manifest.limits.instructions.has_value();
  }
  options.max_memory = std::max(memory, std::uint64_t{1} << 20);
  options.max_instances = std::clamp(instances, 1u, 1024u);
  return options;
}

Bundles stored_bundles(const engine::Info& engine, const engine::EngineOptions& options) {
  return [&engine, options](const function::Function& function) {
    return make_bundle(function, engine, options, true, nullptr);
  };
}

Bundles passing_bundles(const engine::Info& engine, bundle::Store::Compile compile) {
  struct Passing {
    bundle::Store store = bundle::Store::in_memory();
    std::map<std::string, bundle::Bundle> made;  // by digest
  };
  return [&engine, compile = std::move(compile), passing = std::make_shared<Passing>()](
             const function::Function& function) -> Result<bundle::Bundle> {
    if (const auto found = passing->made.find(function.digest); found != passing->made.end()) {
      return found->second;
    }
    FERRY_TRY(bundle::Bundle made, passing->store.get(function, engine, compile, nullptr));
    passing->made.emplace(function.digest, made);
    return made;
  };
}

Bundles passing_bundles(const engine::Info& engine, const engine::EngineOptions& options) {
  return passing_bundles(engine, [name = engine_name(engine), options](ByteView prepared) {
    return engine::compile_in_child(name, options, prepared, {});
  });
}

void say_advisory(const engine::Info& engine) {
  const std::string_view advisory = engine::advisory_of(engine.name);
  if (!advisory.empty() && first_time(Once::kAdvisory)) {
    say("ferry: {}: {}\n", engine.name, advisory);
  }
}

Result<bundle::Bundle> make_bundle(const function::Function& function, const engine::Info& engine,
                                   const engine::EngineOptions& engine_options, bool quiet,
                                   bool* was_cached) {
  if (!quiet) say_advisory(engine);
  bundle::Store& store = bundle_store();
  const std::string name = engine_name(engine);
  FERRY_TRY(bundle::Bundle made, store.get(
                                     function, engine,
                                     [&](ByteView prepared) -> Result<Bytes> {
                                       if (!quiet && prepared.size() >= kWorthSaying) {
                                         say("ferry: compiling {} for {} {}, once\n", function.name,
                                             engine.name, engine.version);
                                       }
                                       return engine::compile_in_child(name, engine_options,
                                                                       prepared, {});
                                     },
                                     was_cached));
  if (!made.warning.empty() && first_time(Once::kStoreIsFull)) {
    say("ferry: {}\n  hint: make room there, or set XDG_CACHE_HOME\n",
        std::exchange(made.warning, ""));
  }
  return made;
}

}  // namespace ferry::builder
