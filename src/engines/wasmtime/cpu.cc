#include "engines/wasmtime/cpu.h"

#include <string_view>

#include <cpuid.h>

namespace ferry::engine::wasmtime {
namespace {

constexpr const char* kPortableFlags[] = {"has_sse3",  "has_ssse3", "has_cmpxchg16b",
                                          "has_sse41", "has_sse42", "has_popcnt"};

// Older compilers cannot be asked for this one by name.
bool has_lzcnt() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0x80000001, &a, &b, &c, &d) != 0 && (c & (1u << 5)) != 0;
}

}  // namespace

std::string cpu_features() {
  std::string out;
  const auto add = [&](std::string_view name, bool has) {
    if (has) out.append(out.empty() ? "" : ",").append(name);
  };
  // What Cranelift 0.135 detects on x86-64. The compiler wants literals.
  add("sse3", __builtin_cpu_supports("sse3"));
  add("ssse3", __builtin_cpu_supports("ssse3"));
  add("sse4.1", __builtin_cpu_supports("sse4.1"));
  add("sse4.2", __builtin_cpu_supports("sse4.2"));
  add("popcnt", __builtin_cpu_supports("popcnt"));
  add("avx", __builtin_cpu_supports("avx"));
  add("avx2", __builtin_cpu_supports("avx2"));
  add("fma", __builtin_cpu_supports("fma"));
  add("bmi", __builtin_cpu_supports("bmi"));
  add("bmi2", __builtin_cpu_supports("bmi2"));
  add("lzcnt", has_lzcnt());
  add("avx512bitalg", __builtin_cpu_supports("avx512bitalg"));
  add("avx512dq", __builtin_cpu_supports("avx512dq"));
  add("avx512f", __builtin_cpu_supports("avx512f"));
  add("avx512vl", __builtin_cpu_supports("avx512vl"));
  add("avx512vbmi", __builtin_cpu_supports("avx512vbmi"));
  return out;
}

std::span<const char* const> portable_flags() { return kPortableFlags; }

bool is_portable_cpu() {
  return __builtin_cpu_supports("sse3") && __builtin_cpu_supports("ssse3") &&
         __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("sse4.2") &&
         __builtin_cpu_supports("popcnt");
}

}  // namespace ferry::engine::wasmtime
