// Owning handles for the C API's objects, and its strings as ours. Used by this plug-in only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <wasm.h>
#include <wasmtime.h>

namespace ferry::engine::wasmtime {

template <auto Delete>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Delete(object);
  }
};

using ConfigPtr = std::unique_ptr<wasm_config_t, Deleter<wasm_config_delete>>;
using EnginePtr = std::unique_ptr<wasm_engine_t, Deleter<wasm_engine_delete>>;
using ErrorPtr = std::unique_ptr<wasmtime_error_t, Deleter<wasmtime_error_delete>>;
using TrapPtr = std::unique_ptr<wasm_trap_t, Deleter<wasm_trap_delete>>;
using LinkerPtr = std::unique_ptr<wasmtime_linker_t, Deleter<wasmtime_linker_delete>>;
using ModulePtr = std::unique_ptr<wasmtime_module_t, Deleter<wasmtime_module_delete>>;
using PrePtr = std::unique_ptr<wasmtime_instance_pre_t, Deleter<wasmtime_instance_pre_delete>>;
using StorePtr = std::unique_ptr<wasmtime_store_t, Deleter<wasmtime_store_delete>>;
using FuncTypePtr = std::unique_ptr<wasm_functype_t, Deleter<wasm_functype_delete>>;

inline std::string_view view(const wasm_name_t& name) {
  if (name.size == 0) return {};
  return {name.data, name.size};
}

// The engine's words, its chain of causes on one line.
std::string message_of(const wasmtime_error_t& error);

}  // namespace ferry::engine::wasmtime
