// From a bundle's artifact to a module: the only way in which native code that was opened from a
// file is handed to an engine.
#pragma once

#include <memory>

#include "engine/artifact.h"
#include "engine/engine.h"

namespace ferry::engine {

// Where the engine can map the file, code is proven piece by piece when it is first used; else, and
// where the caller had it done (Artifact::proven), all of it is proven first.
Result<std::unique_ptr<Module>> load_artifact(Engine& engine,
                                              const std::shared_ptr<const Artifact>& artifact);

}  // namespace ferry::engine
