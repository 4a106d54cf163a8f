// How wasmtime is set up: what a guest may use, what instances cost, and the fingerprint that
// represents all of it in a bundle's key.
#pragma once

#include <string>

#include "base/architecture.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engines/wasmtime/handles.h"

namespace ferry::engine::wasmtime {

// Code for this CPU (the default where there is a compiler), or for any of its architecture that
// somebody may have ("portable": portable_level() in cpu.h), which is what is shipped.
inline constexpr char kNative[] = "cranelift";
inline constexpr char kPortable[] = "portable";

// What a variant's name says. "portable-arm64" and "portable-amd64" are portable code for that
// architecture; an engine for another one than this compiles and runs nothing.
struct Variant {
  bool portable = false;
  Architecture architecture = kThisArchitecture;

  bool foreign() const { return architecture != kThisArchitecture; }
};

// kUsage for a variant there is not; kNotFound where this build lacks the compiler for it;
// kUnsupported where an engine for another architecture is asked to run code.
Result<Variant> parse_variant(const EngineOptions& options);

// The variant an empty EngineOptions::variant means in this build.
const char* default_variant();

// kLimit where the address space is too small for the pool.
Result<ConfigPtr> make_config(const EngineOptions& options, const Variant& variant);

// Version, flags and CPU features that the code depends on.
std::string make_fingerprint(const EngineOptions& options, const Variant& variant);

}  // namespace ferry::engine::wasmtime
