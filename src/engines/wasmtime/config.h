// How wasmtime is set up: what a guest may use, what instances cost, and the fingerprint that
// stands for all of it in a bundle's key.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "engines/wasmtime/handles.h"

namespace ferry::engine::wasmtime {

// Code for this CPU (the default where there is a compiler), or for any x86-64 of the last
// fifteen years ("portable": the x86-64-v2 level), which is what is shipped elsewhere.
inline constexpr char kNative[] = "cranelift";
inline constexpr char kPortable[] = "portable";

// The variant an empty EngineOptions::variant means in this build.
const char* default_variant();

// kUsage for a variant there is not, kLimit where the address space is too small for the pool.
Result<ConfigPtr> make_config(const EngineOptions& options);

// Version, flags and CPU features that the code depends on.
std::string make_fingerprint(const EngineOptions& options);

}  // namespace ferry::engine::wasmtime
