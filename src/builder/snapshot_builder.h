// Builds a snapshot of a function's start-up, and checks everything that can be checked before
// anybody uses it; for `ferry build --snapshot` and `ferry pack`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "builder/function_options.h"
#include "engine/engine.h"
#include "function/function.h"
#include "snapshot/snapshot.h"

namespace ferry::builder {

struct SnapshotRequest {
  std::string accepted;            // "hash-key", "random" or nothing: what may be frozen
  std::vector<std::string> cases;  // files with an event's data each
  Random* random = &system_random();
  // The user did not request a snapshot: only what is certain passes, and what a user would have to
  // be warned about is a reason not to make one.
  bool unasked = false;
  bool environment_varies = false;  // where it is for, each event adds to the environment
  // Events are recorded there. A replay starts the original anew, which draws in its start-up what
  // the events of a snapshot do not, or in another order.
  bool recorded = false;
  // Whose the key of Go's hash tables is, where nobody asked.
  std::string key_of =
      "this package's own: where strangers can read the package, use --no-snapshot";
  Bundles bundles = {};  // of what is compared; empty: the store's
  // For a process that starts no others; empty: compiled in a child process.
  snapshot::CompilePrepared compile = {};
  snapshot::MakeUnwindable unwindable = snapshot::make_unwindable;
  // Called when all files are read, before the function runs for the first time. Its error ends it.
  std::function<Status()> before_it_runs = {};
};

// "sha256:…" of what a function is a snapshot of; empty: it is not a snapshot.
std::string snapshot_of(const function::Function& function);

// kUnsupported for a snapshot that has looked at its folders while there were none (C, C++ and Rust
// do so before main, Go as well) and that is to run with some: it would not find them.
Status check_frozen_folders(const function::Function& function);

struct BuiltSnapshot {
  function::Function function;  // the snapshot
  snapshot::Snapshot made;      // its facts; the wasm has moved into `function`
  std::string compared_on;      // in words
  std::vector<std::string> notes;
};

Result<BuiltSnapshot> build_snapshot(engine::Engine& engine, const engine::EngineOptions& options,
                                     const function::Function& function,
                                     const SnapshotRequest& how);

// Deterministic per (secret, function), so that a package that is made twice has the same bytes;
// unpredictable without the secret.
class KeyedRandom final : public Random {
 public:
  KeyedRandom(ByteView secret, const std::string& digest);
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::string message_;
  std::uint64_t counter_ = 0;
};

}  // namespace ferry::builder
