#include "engine/linked.h"

extern "C" ferry::engine::Engine* ferry_engine_v1(const ferry::engine::EngineOptions& options,
                                                  ferry::Error& error);

namespace ferry::engine {

Result<LoadedEngine> make_linked_engine(const EngineOptions& options) {
  Error error;
  std::unique_ptr<Engine> engine(ferry_engine_v1(options, error));
  if (engine == nullptr) return error;
  return LoadedEngine(std::move(engine), nullptr);
}

}  // namespace ferry::engine
