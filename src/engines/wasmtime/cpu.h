// What of this CPU the compiled code depends on.
#pragma once

#include <span>
#include <string>

namespace ferry::engine::wasmtime {

// "sse4.2,popcnt,avx2,…": those the code generator uses and this CPU has, in a fixed order.
std::string cpu_features();

// Cranelift's flags that make up the portable level: what x86-64-v2 has.
std::span<const char* const> portable_flags();

// Whether this CPU has all of them.
bool is_portable_cpu();

}  // namespace ferry::engine::wasmtime
