#include "engine/loader.h"

extern "C" ferry::engine::Engine* ferry_quick_engine_v1(const ferry::engine::EngineOptions& options,
                                                        ferry::Error& error);

namespace ferry::engine {

Result<LoadedEngine> make_linked_quick_engine(const EngineOptions& options) {
  Error error;
  LoadedEngine engine(ferry_quick_engine_v1(options, error));
  if (engine == nullptr) return error;
  return engine;
}

}  // namespace ferry::engine
