#include "engines/wasmtime/cpu.h"

namespace ferry::engine::wasmtime {
namespace {

constexpr const char* kPortableFlags[] = {"has_sse3",  "has_ssse3", "has_cmpxchg16b",
                                          "has_sse41", "has_sse42", "has_popcnt"};

}  // namespace

std::string cpu_features() {
  std::string out;
  // The names must be literals; this is the list that Cranelift 0.135 detects on x86-64.
#define FERRY_CPU(name) \
  if (__builtin_cpu_supports(name)) out += out.empty() ? name : "," name
  FERRY_CPU("sse3");
  FERRY_CPU("ssse3");
  FERRY_CPU("sse4.1");
  FERRY_CPU("sse4.2");
  FERRY_CPU("popcnt");
  FERRY_CPU("avx");
  FERRY_CPU("avx2");
  FERRY_CPU("fma");
  FERRY_CPU("bmi");
  FERRY_CPU("bmi2");
  FERRY_CPU("lzcnt");
  FERRY_CPU("avx512bitalg");
  FERRY_CPU("avx512dq");
  FERRY_CPU("avx512f");
  FERRY_CPU("avx512vl");
  FERRY_CPU("avx512vbmi");
#undef FERRY_CPU
  return out;
}

std::span<const char* const> portable_flags() { return kPortableFlags; }

bool is_portable_cpu() {
  return __builtin_cpu_supports("sse3") && __builtin_cpu_supports("ssse3") &&
         __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("sse4.2") &&
         __builtin_cpu_supports("popcnt");
}

}  // namespace ferry::engine::wasmtime
