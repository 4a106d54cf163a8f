// Finds engines and makes them: plug-ins by dlopen (RTLD_LOCAL: their C symbols and Rust runtimes
// collide otherwise), or the one linked in (ferry-host).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace ferry::engine {

// Never null. The plug-in that it lives in stays open for good: a Rust runtime leaves thread-local
// destructors and signal handlers behind that point into it.
using LoadedEngine = std::unique_ptr<Engine>;

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

// Opens an engine's plug-in and makes no engine, so that processes that are forked from now on find
// it open (ferry dev serves each build by a new one): its relocations take longer than making the
// engine. `name`: as load_engine() takes it. Where there is none nothing happens: load_engine()
// says so. It stays open for good. Before there is another thread.
void open_ahead(std::string_view name);

// The engine that is linked into this program (ferry-host), made without a dynamic loader: a
// program that calls this must link one, and one that does not call it need not.
Result<LoadedEngine> make_linked_engine(const EngineOptions& options);
// A second one that is linked in beside it, which needs no compiler (ferry-host-full).
Result<LoadedEngine> make_linked_quick_engine(const EngineOptions& options);

}  // namespace ferry::engine
