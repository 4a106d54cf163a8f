#include "engines/wasmtime/module.h"

#include "engines/wasmtime/imports.h"
#include "engines/wasmtime/instance.h"
#include "engines/wasmtime/interrupts.h"
#include "wasm/prepare.h"

namespace ferry::engine::wasmtime {
namespace {

// wasm_valtype_kind() ends the process where it is asked of a v128.
bool is_i32(const wasm_valtype_t& type) {
  wasmtime_valtype_t own;
  wasmtime_valtype_new(&type, &own);
  const bool is = own.kind == WASMTIME_VALTYPE_KIND_I32;
  wasmtime_valtype_delete(&own);
  return is;
}

// Whether call() can call it: ()->() or ()->i32.
bool is_entry(const wasm_functype_t& type, bool* returns_i32) {
  const wasm_valtype_vec_t* params = wasm_functype_params(&type);
  const wasm_valtype_vec_t* results = wasm_functype_results(&type);
  if (params->size != 0 || results->size > 1) return false;
  if (results->size == 1 && !is_i32(*results->data[0])) return false;
  *returns_i32 = results->size == 1;
  return true;
}

}  // namespace

Result<std::unique_ptr<Module>> WasmtimeModule::make(std::shared_ptr<Shared> shared,
                                                     ModulePtr module) {
  std::unique_ptr<WasmtimeModule> self(new WasmtimeModule());
  self->shared_ = std::move(shared);
  self->module_ = std::move(module);
  wasmtime_instance_pre_t* pre = nullptr;
  FERRY_TRY(const LinkerPtr own, component_linker(*self->shared_->engine, *self->module_));
  const wasmtime_linker_t* linker = own != nullptr ? own.get() : self->shared_->linker.get();
  if (ErrorPtr error{wasmtime_linker_instantiate_pre(linker, self->module_.get(), &pre)}) {
    return Error{Code::kUnsupported, "wasmtime: " + message_of(*error),
                 "`ferry check` lists what the function imports"};
  }
  self->pre_.reset(pre);
  if constexpr (kBySignal) {
    void* start = nullptr;
    void* end = nullptr;
    wasmtime_module_image_range(self->module_.get(), &start, &end);
    const auto* image = static_cast<const std::uint8_t*>(start);
    FERRY_TRY(self->stops_, Stops::read({image, static_cast<const std::uint8_t*>(end)}));
  }
  FERRY_CHECK_OK(self->read_exports());
  return std::unique_ptr<Module>(std::move(self));
}

Status WasmtimeModule::read_exports() {
  wasm_exporttype_vec_t exports{};
  wasmtime_module_exports(module_.get(), &exports);
  for (std::size_t i = 0; i < exports.size; ++i) {
    const std::string name(view(*wasm_exporttype_name(exports.data[i])));
    const wasm_externtype_t* type = wasm_exporttype_type(exports.data[i]);
    switch (wasm_externtype_kind(type)) {
      case WASM_EXTERN_FUNC: {
        EntryPoint entry{name, false};
        if (is_entry(*wasm_externtype_as_functype_const(type), &entry.returns_i32)) {
          entries_.emplace(name, entry);
        }
        break;
      }
      case WASM_EXTERN_MEMORY:
        // Preparation exports the memory under our own name as well; either will do.
        if (name == "memory" || (memory_export_.empty() && name == wasm::kMemoryExport)) {
          memory_export_ = name;
          const wasm_memorytype_t* memory = wasm_externtype_as_memorytype_const(type);
          minimum_memory_ = wasmtime_memorytype_minimum(memory) << 16;
        }
        break;
      case WASM_EXTERN_GLOBAL:
        has_limit_global_ |= name == wasm::kMemoryLimitGlobal;
        break;
      default:
        break;
    }
  }
  wasm_exporttype_vec_delete(&exports);
  return Done{};
}

const EntryPoint* WasmtimeModule::find_entry(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

Result<std::unique_ptr<Instance>> WasmtimeModule::instantiate(const InstanceLimits& limits) {
  return WasmtimeInstance::make(*this, limits);
}

TrapPtr WasmtimeModule::take_stop_trap() const {
  TrapPtr trap;
  {
    std::lock_guard lock(stop_trap_mutex_);
    trap = std::move(stop_trap_);
  }
  return trap != nullptr ? std::move(trap)
                         : TrapPtr(wasmtime_trap_new_code(WASMTIME_TRAP_CODE_INTERRUPT));
}

void WasmtimeModule::keep_stop_trap(TrapPtr trap) const {
  std::lock_guard lock(stop_trap_mutex_);
  stop_trap_.swap(trap);
}

}  // namespace ferry::engine::wasmtime
