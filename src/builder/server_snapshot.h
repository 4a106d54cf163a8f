// The snapshot that a server makes of what it serves, without being asked: only where it is certain
// to change nothing, and anew at each start of the server, so that what a start-up draws (the key
// of Go's hash tables) is as fresh as a native server's.
#pragma once

#include <optional>
#include <string>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "function/function.h"

namespace ferry::builder {

struct ServerSnapshot {
  Bytes bundle;       // authenticated by the key; named and identified as the original
  std::string words;  // how it was made, for people
};

// The reason why none is even tried, as far as the function alone shows it.
std::optional<Error> why_no_snapshot(const function::Function& function);

// Takes seconds, and runs the function: for a process of its own. `environment_varies`: as
// SnapshotRequest's. kUnsupported or kInvalid with the reason where the function is to be served as
// it is.
Result<ServerSnapshot> snapshot_for_server(engine::Engine& engine,
                                           const engine::EngineOptions& options,
                                           const function::Function& function,
                                           const bundle::MacKey& key, bool environment_varies);

}  // namespace ferry::builder
