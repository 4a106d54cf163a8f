// The engine that is linked into this program (ferry-host), made without a dynamic loader: a
// program that calls this must link one, and one that does not call it need not.
#pragma once

#include "engine/loader.h"

namespace ferry::engine {

Result<LoadedEngine> make_linked_engine(const EngineOptions& options);

}  // namespace ferry::engine
