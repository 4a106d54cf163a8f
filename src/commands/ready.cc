#include "commands/ready.h"

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bundle/store.h"
#include "engine/compiler.h"

namespace ferry::commands {
namespace {

// Compilation of a small module is over before anyone could read about it.
constexpr std::size_t kWorthSaying = 1u << 20;

template <typename Parse, typename Target>
CLI::Option* add_parsed(CLI::App& app, const char* name, Parse parse, Target& target,
                        const char* help, const char* kind) {
  return app
      .add_option_function<std::string>(
          name,
          [parse, &target, name](const std::string& text) {
            auto value = parse(text);
            if (!value.ok()) {
              throw CLI::ValidationError(name, value.error().text());
            }
            target = *value;
          },
          help)
      ->type_name(kind);
}

}  // namespace

Status apply_options(const CommonOptions& options, function::Function& function) {
  function::Manifest& manifest = function.manifest;
  if (options.timeout) {
    manifest.limits.timeout = *options.timeout;
  }
  if (options.memory) {
    manifest.limits.memory = *options.memory;
  }
  for (const std::string& entry : options.env) {
    auto equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{Code::kUsage, fmt::format("--env {}: no NAME=VALUE", entry),
                   "for example --env LEVEL=debug"};
    }
    manifest.grants.env[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  for (const std::string& entry : options.dirs) {
    FERRY_TRY(auto grant, function::parse_dir_grant(entry));
    manifest.grants.dirs.push_back(std::move(grant));
  }
  return Done{};
}

void declare_common(CLI::App& app, CommonOptions& options) {
  app.add_option("--engine", options.engine,
                 "Engine that runs it, with an optional variant: wasmtime, wasmer:singlepass "
                 "(see 'ferry engines')")
      ->type_name("NAME");
  app.add_option("--manifest", options.manifest, "ferry.toml to use in place of the one beside it")
      ->type_name("FILE");
  add_parsed(app, "--timeout", function::parse_duration, options.timeout,
             "Longest time for one event, for example 500ms or 2s", "TIME");
  add_parsed(app, "--memory", function::parse_size, options.memory,
             "Most linear memory for one event, for example 64MiB", "SIZE");
  app.add_option("--env", options.env, "Environment variable for the function (repeatable)")
      ->type_name("K=V")
      ->allow_extra_args(false);
  app.add_option("--dir", options.dirs, "Folder to grant: HOST::GUEST, HOST::GUEST:ro (repeatable)")
      ->type_name("HOST::GUEST[:ro]")
      ->allow_extra_args(false);
  app.add_flag("--quiet,-q", options.quiet, "Print errors only");
}

Result<function::Function> read_function(const std::string& path, const CommonOptions& options) {
  FERRY_TRY(auto function, function::load_function(path, options.manifest));
  FERRY_CHECK_OK(apply_options(options, function));
  FERRY_CHECK_OK(function::check_runnable(function));
  return function;
}

engine::EngineOptions engine_options_for(std::span<const function::Function> functions) {
  engine::EngineOptions options;
  std::uint64_t memory = 0;
  std::uint32_t instances = 0;
  for (const function::Function& function : functions) {
    memory = std::max(memory, function.manifest.limits.memory);
    instances += function.manifest.limits.concurrency;
    options.count_instructions |= function.manifest.limits.instructions.has_value();
  }
  options.max_memory = std::max(memory, std::uint64_t{1} << 20);
  options.max_instances = std::clamp(instances, 1u, 1024u);
  return options;
}

Result<bundle::Bundle> make_bundle(const function::Function& function, const engine::Info& engine,
                                   const engine::EngineOptions& engine_options, bool quiet,
                                   bool* was_cached) {
  FERRY_TRY(auto store, bundle::Store::open({}));
  std::string name = engine.name + (engine.variant.empty() ? "" : ":" + engine.variant);
  return store.get(
      function, engine,
      [&](ByteView prepared) -> Result<Bytes> {
        if (!quiet && prepared.size() >= kWorthSaying) {
          fmt::print(stderr, "ferry: compiling {} for {} {}, once; it is kept in {}\n",
                     function.name, engine.name, engine.version, store.folder());
        }
        return engine::compile_in_child(name, engine_options, prepared, {});
      },
      was_cached);
}

}  // namespace ferry::commands
