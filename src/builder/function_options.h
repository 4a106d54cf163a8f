// From what a user typed to a function that can be compiled: the same steps for run, serve, pack,
// compare and verify.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/bundle.h"
#include "bundle/store.h"
#include "engine/engine.h"
#include "function/function.h"

namespace ferry::builder {

// Empty or nullopt: the manifest's, else the default.
struct FunctionOptions {
  std::string engine;           // as for load_engine
  std::string manifest;         // a file
  function::Sections sections;  // tables of platforms that a manifest may have
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::uint64_t> memory;
  std::vector<std::string> env;  // "K=V", "K=@FILE" (values.h)
  std::vector<std::string> env_files;
  std::vector<std::string> connect;  // "HOST:PORT"
  std::vector<std::string> dirs;     // "HOST::GUEST[:ro]"
  std::vector<std::string> warm;     // files with an event's data each
  bool allow = false;                // what the manifest asks for beyond its folder (allow.h)
  bool quiet = false;
};

// Lays the options over the function's manifest. kUsage for one that makes no sense.
Status apply_options(const FunctionOptions& options, function::Function& function);

// A bundle was named where a .wasm file is wanted.
Error bundle_in_place_of_wasm(const std::string& path);

// function::load_function(); a bundle is named as one, with what to do with it.
Result<function::Function> open_function(const std::string& path, const std::string& manifest,
                                         function::Sections sections);

// The function with the options laid over its manifest; fails where it can't run at all, and where
// its manifest asks for what the user has not allowed.
Result<function::Function> read_function(const std::string& path, const FunctionOptions& options);

// Reads the code of a function whose owner has let go of it; from the same file, which must still
// be the same.
Status read_again(function::Function& function);

// Says on stderr, once, what is known against this engine.
void say_advisory(const engine::Info& engine);

// Its bundle, from the store or compiled now in a child process. Says on stderr that it compiles
// when that takes long, unless quiet.
Result<bundle::Bundle> make_bundle(const function::Function& function, const engine::Info& engine,
                                   const engine::EngineOptions& engine_options, bool quiet,
                                   bool* was_cached);

// Where compiled functions come from, for those who run several and need not know.
using Bundles = std::function<Result<bundle::Bundle>(const function::Function&)>;
// From the store, silently. Borrows the engine's facts.
Bundles stored_bundles(const engine::Info& engine, const engine::EngineOptions& options);
// Compiled once and kept in memory, for as long as this lives: what is made anew at each start of
// a server would only fill the store.
Bundles passing_bundles(const engine::Info& engine, bundle::Store::Compile compile);
// In a child process.
Bundles passing_bundles(const engine::Info& engine, const engine::EngineOptions& options);

// What an engine is made with for these functions: memory, instances, whether it counts.
engine::EngineOptions engine_options_for(std::span<const function::Function> functions);

}  // namespace ferry::builder
