// Better versions of what a server serves, made beside serving. Snapshots are made without being
// asked for: only where it is certain to change nothing, and anew at each start of the server, so
// that what a start-up draws (the key of Go's hash tables) is as fresh as a native server's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "builder/function_options.h"
#include "bundle/bundle.h"
#include "engine/engine.h"
#include "function/function.h"
#include "host/sandbox.h"

namespace ferry::builder {

// What the engine of both has room for: the original, the snapshot and its second start, alive at
// once.
inline constexpr std::uint32_t kTrialInstances = 4;

struct ServerVersion {
  Bytes bundle;       // authenticated by the key; named and identified as the original
  std::string words;  // how it was made, for people
};

// The reason why none is even tried, as far as the function alone shows it.
std::optional<Error> why_no_snapshot(const function::Function& function);

// Of where a function is served, as in SnapshotRequest.
struct ServedWhere {
  bool environment_varies = false;
  bool recorded = false;
  // What the process that tries the snapshot shuts itself in with, as the workers do.
  host::sandbox::Parts sandbox = {};
};

// What the process that looks for a snapshot has.
struct Looking {
  std::optional<bundle::Bundle> original;  // where it is compiled already
  std::function<void()> forget_keys;       // takes secret keys out of its memory
};

// Takes seconds, and runs the function, in another process (apart.h): for a process of its own,
// which has one thread. kUnsupported or kInvalid with the reason where the function is to be served
// as it is.
Result<ServerVersion> snapshot_for_server(engine::Engine& engine,
                                          const engine::EngineOptions& options,
                                          const function::Function& function,
                                          const bundle::MacKey& key, const ServedWhere& where,
                                          const Looking& looking);

// The function as it is, compiled (`bundles`) for this engine, where an interpreter answered until
// now.
Result<ServerVersion> compiled_for_server(const engine::Info& engine,
                                          const function::Function& function,
                                          const bundle::MacKey& key, const Bundles& bundles);

}  // namespace ferry::builder
