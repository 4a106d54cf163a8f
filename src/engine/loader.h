// Finds engines and makes them: plug-ins by dlopen (RTLD_LOCAL: their C symbols and Rust runtimes
// collide otherwise), or the one linked in (ferry-host).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace ferry::engine {

// An engine and, where it is one, the plug-in that it lives in; closed in the right order.
class LoadedEngine {
 public:
  LoadedEngine(std::unique_ptr<Engine> engine, void* library);
  LoadedEngine(LoadedEngine&&) noexcept;
  LoadedEngine& operator=(LoadedEngine&&) noexcept;
  ~LoadedEngine();
  Engine& operator*() const { return *engine_; }
  Engine* operator->() const { return engine_.get(); }

 private:
  std::unique_ptr<Engine> engine_;
  void* library_ = nullptr;
};

// Where plug-ins are looked for, in order: $FERRY_ENGINES, ../lib/ferry/engines beside the
// program, and ./engines beside it (build tree).
std::vector<std::string> plugin_folders();

struct Plugin {
  std::string name;  // "wasmtime"
  std::string path;
};
// All that are there, sorted by name, wasmtime first.
std::vector<Plugin> list_plugins();

// `name` may carry a variant: "wasmer", "wasmer:singlepass". Empty: the default, wasmtime.
// kNotFound names what there is and how to get the others.
Result<LoadedEngine> load_engine(const std::string& name, EngineOptions options);

}  // namespace ferry::engine
