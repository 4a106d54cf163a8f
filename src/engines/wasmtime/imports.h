// Binds the 46 calls of our WASI (wasi/calls.h) in wasmtime's linker, once an engine.
#pragma once

#include "base/result.h"
#include "engines/wasmtime/handles.h"

namespace ferry::engine::wasmtime {

Status define_imports(wasmtime_linker_t& linker);

}  // namespace ferry::engine::wasmtime
