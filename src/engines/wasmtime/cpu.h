// What of this CPU the compiled code depends on, and what it may take for granted elsewhere.
#pragma once

#include <span>
#include <string>

#include "base/architecture.h"

namespace ferry::engine::wasmtime {

// "sse4.2,popcnt,avx2,…": those the code generator uses and this CPU has, in a fixed order.
std::string cpu_features();

// What portable code takes for granted: "x86-64-v2" (about 2009), "armv8-a". The latter has nothing
// that Neoverse N1 (Graviton 2) lacks, and leaves its atomic instructions unused.
const char* portable_level(Architecture architecture);

// Cranelift's flags for that level, beyond those that its target starts with.
std::span<const char* const> portable_flags(Architecture architecture);

// Whether this CPU has all of it.
bool is_portable_cpu();

}  // namespace ferry::engine::wasmtime
