// From a bundle's artifact to a module: the only way in which native code that was opened from a
// file is handed to an engine.
#pragma once

#include <memory>

#include "bundle/artifact.h"
#include "engine/engine.h"

namespace ferry::bundle {

class CodeGuard;

// Up to here all code is proven before anything of it can run, unless the bundle says what a first
// event uses. A program of this size runs code all over it as it starts, and a fault for each piece
// costs more than the hash of those it would save.
inline constexpr std::uint64_t kProvenAtOnce = 8u << 20;

// Where the engine can map the file, code of which the bundle says what a first event uses, and
// more code than `at_once`, is proven when it is first used, except for that which is used early;
// else, and where the caller had it done (Artifact::proven), all of it is proven first. kDenied: it
// was changed.
Result<std::unique_ptr<engine::Module>> load_artifact(
    engine::Engine& engine, const std::shared_ptr<const Artifact>& artifact,
    std::uint64_t at_once = kProvenAtOnce);

// A module that tells which pages of its code were used (CodeGuard::touched), as long as it lives.
struct WatchedModule {
  std::unique_ptr<engine::Module> module;
  const CodeGuard* guard = nullptr;
};
// kUnsupported where there is nothing to watch: little code, or an engine that cannot map it.
Result<WatchedModule> load_watched(engine::Engine& engine,
                                   const std::shared_ptr<const Artifact>& artifact);

}  // namespace ferry::bundle
