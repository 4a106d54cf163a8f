// How a module is prepared (wasm/prepare.h) for one engine.
#pragma once

#include "engine/engine.h"
#include "wasm/prepare.h"

namespace ferry::engine {

// Polling where the engine has no deadline of its own; and all imports of a lowered component as
// one where it cannot bind imports that it was not built with.
wasm::PrepareOptions prepare_options(const Info& engine);

}  // namespace ferry::engine
