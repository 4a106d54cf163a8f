// One running guest: a store, an instance in it, and what is looked up once and used often.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engines/wasmtime/handles.h"
#include "engines/wasmtime/interrupts.h"
#include "engines/wasmtime/module.h"

namespace ferry::engine::wasmtime {

class WasmtimeInstance final : public Instance {
 public:
  // Borrows the module, which the caller keeps alive.
  static Result<std::unique_ptr<Instance>> make(const WasmtimeModule& module,
                                                const InstanceLimits& limits);
  ~WasmtimeInstance() override;
  WasmtimeInstance(const WasmtimeInstance&) = delete;
  WasmtimeInstance& operator=(const WasmtimeInstance&) = delete;

  End call(std::string_view name, wasi::Context& wasi, Monotonic deadline) override;
  wasi::Memory memory() override;
  std::optional<GlobalHandle> find_global(std::string_view name) override;
  std::uint64_t get_global(GlobalHandle handle) override;
  void set_global(GlobalHandle handle, std::uint64_t bits) override;
  std::optional<std::uint64_t> instructions() const override;

  // For the imports: the invocation under way, null while there is none.
  wasi::Context* wasi() const { return wasi_; }
  // A call of ours ends the guest: the trap to end it with. The caller hands it to the engine.
  wasm_trap_t* stop();
  // The same where the deadline has passed; else null.
  wasm_trap_t* stop_if_late();

 private:
  explicit WasmtimeInstance(const WasmtimeModule& module);
  Status start(const InstanceLimits& limits);
  void begin_call(Monotonic deadline, const void* stack);
  End ended(ErrorPtr error, TrapPtr trap) const;
  const wasmtime_func_t* find_function(const EntryPoint& entry);
  static wasmtime_error_t* on_epoch(wasmtime_context_t* context, void* data, std::uint64_t* delta,
                                    wasmtime_update_deadline_kind_t* kind);

  const WasmtimeModule& module_;
  StorePtr store_;
  wasmtime_context_t* context_ = nullptr;
  wasmtime_instance_t instance_{};
  wasmtime_memory_t memory_{};
  std::uint8_t* memory_base_ = nullptr;  // never moves: the whole reservation is ours
  bool has_memory_ = false;
  struct Global {
    wasmtime_global_t global;
    wasmtime_valkind_t kind;
  };
  std::vector<Global> globals_;
  std::string last_name_;  // the function called last, since it is mostly called again
  wasmtime_func_t last_function_{};

  wasi::Context* wasi_ = nullptr;
  Interruptible& interruptible_;
  Monotonic deadline_ = Monotonic::max();
  bool stopped_ = false;
  bool late_ = false;
  std::uint64_t fuel_ = 0;  // given at the start
};

}  // namespace ferry::engine::wasmtime
