// Binds our WASI in wasmtime's linkers: the 46 calls of preview 1 (wasi/calls.h) once an engine,
// the functions of WASI 0.2 (wasi2/functions.h) that a lowered component imports once a module.
#pragma once

#include "base/result.h"
#include "engines/wasmtime/handles.h"

namespace ferry::engine::wasmtime {

Status define_imports(wasmtime_linker_t& linker);

// A linker for this module alone; null where it imports nothing of WASI 0.2.
Result<LinkerPtr> component_linker(wasm_engine_t& engine, const wasmtime_module_t& module);

}  // namespace ferry::engine::wasmtime
