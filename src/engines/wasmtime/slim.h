// Takes out of a compiled module what nothing here reads: less to ship, to read and to prove.
#pragma once

#include "base/bytes.h"

namespace ferry::engine::wasmtime {

// `artifact` is what wasmtime_module_serialize made. Left out: the map from code to bytes of the
// wasm (ours says functions, not offsets), tables for foreign unwinders (nothing throws through a
// guest), and symbols for debuggers. As it is, if it is not of the expected shape.
Bytes slim(Bytes artifact);

}  // namespace ferry::engine::wasmtime
