// From what a user typed to something that can be invoked: function, engine, bundle. The same
// steps for run, serve, compare and verify.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/bundle.h"
#include "engine/loader.h"
#include "function/function.h"
#include "host/host.h"

namespace CLI {
class App;
}

namespace ferry::commands {

// The common options of cli.md. Empty or nullopt: the manifest's, else the default.
struct CommonOptions {
  std::string engine;
  std::string manifest;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::uint64_t> memory;
  std::vector<std::string> env;   // "K=V"
  std::vector<std::string> dirs;  // "HOST::GUEST[:ro]"
  bool quiet = false;
};

// Declares --engine, --manifest, --timeout, --memory, --env, --dir, --quiet.
void declare_common(CLI::App& app, CommonOptions& options);

// Lays the options over the function's manifest. kUsage for one that makes no sense.
Status apply_options(const CommonOptions& options, function::Function& function);

// The function with the options laid over its manifest; fails where it can't run at all.
Result<function::Function> read_function(const std::string& path, const CommonOptions& options);

// Its bundle, from the store or compiled now in a child process. Says on stderr that it compiles
// when that takes long, unless quiet.
Result<bundle::Bundle> make_bundle(const function::Function& function, const engine::Info& engine,
                                   const engine::EngineOptions& engine_options, bool quiet,
                                   bool* was_cached);

// What an engine is made with for these functions: memory, instances, whether it counts.
engine::EngineOptions engine_options_for(std::span<const function::Function> functions);

}  // namespace ferry::commands
