#include <utility>

#include "engine/loader.h"

namespace ferry::engine {

LoadedEngine::LoadedEngine(std::unique_ptr<Engine> engine, void* library)
    : engine_(std::move(engine)), library_(library) {}

LoadedEngine::LoadedEngine(LoadedEngine&& other) noexcept
    : engine_(std::move(other.engine_)), library_(std::exchange(other.library_, nullptr)) {}

LoadedEngine& LoadedEngine::operator=(LoadedEngine&& other) noexcept {
  std::swap(engine_, other.engine_);
  std::swap(library_, other.library_);
  return *this;
}

// The library stays open: a Rust runtime leaves thread-local destructors and signal handlers
// behind that point into it.
LoadedEngine::~LoadedEngine() = default;

}  // namespace ferry::engine
