// A loaded module with its imports resolved, and the engine it belongs to.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/engine.h"
#include "engines/wasmtime/handles.h"
#include "engines/wasmtime/stops.h"

namespace ferry::engine::wasmtime {

// What engine, modules and instances share. Modules hold it, so that it goes last.
struct Shared {
  EnginePtr engine;
  LinkerPtr linker;
  EngineOptions options;
  std::atomic<std::uint32_t> live{0};  // instances
};

// An exported function that call() can call.
struct EntryPoint {
  std::string name;
  bool returns_i32 = false;
};

class WasmtimeModule final : public Module {
 public:
  // `shared`: kept alive by every module of the engine.
  static Result<std::unique_ptr<Module>> make(std::shared_ptr<Shared> shared, ModulePtr module);

  Result<std::unique_ptr<Instance>> instantiate(const InstanceLimits& limits) override;

  Shared& shared() const { return *shared_; }
  const wasmtime_instance_pre_t& pre() const { return *pre_; }
  const Stops& stops() const { return stops_; }
  const EntryPoint* find_entry(std::string_view name) const;
  // "memory", kMemoryExport, or empty.
  const std::string& memory_export() const { return memory_export_; }
  bool has_limit_global() const { return has_limit_global_; }
  std::uint64_t minimum_memory() const { return minimum_memory_; }

  // What ends a guest at a call of ours. Wasmtime looks up the stack for each trap that does not
  // carry one yet, which takes longer than many an event; the one that ended an event before comes
  // back with the stack of that time, which nobody reads, and ends the next for nothing.
  TrapPtr take_stop_trap() const;
  void keep_stop_trap(TrapPtr trap) const;

 private:
  WasmtimeModule() = default;
  Status read_exports();

  std::shared_ptr<Shared> shared_;
  ModulePtr module_;
  PrePtr pre_;
  Stops stops_;
  std::map<std::string, EntryPoint, std::less<>> entries_;
  std::string memory_export_;
  std::uint64_t minimum_memory_ = 0;
  bool has_limit_global_ = false;
  mutable std::mutex stop_trap_mutex_;
  mutable TrapPtr stop_trap_;
};

}  // namespace ferry::engine::wasmtime
