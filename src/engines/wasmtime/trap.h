// A trap of wasmtime in the words of the WebAssembly standard.
#pragma once

#include <string>

#include "engines/wasmtime/handles.h"

namespace ferry::engine::wasmtime {

// "out of bounds memory access" and so on, as the standard's own tests name them.
std::string trap_text(const wasm_trap_t& trap, wasmtime_trap_code_t code);

// One line a frame, innermost first: "  1: main.main". Takes the frames.
std::string backtrace_text(wasm_frame_vec_t& frames, std::size_t skipped = 0);

}  // namespace ferry::engine::wasmtime
