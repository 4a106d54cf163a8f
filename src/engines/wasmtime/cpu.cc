#include "engines/wasmtime/cpu.h"

#include <string_view>

#include "base/cpu_features.h"

namespace ferry::engine::wasmtime {
namespace {

constexpr const char* kPortableFlags[] = {"has_sse3",  "has_ssse3", "has_cmpxchg16b",
                                          "has_sse41", "has_sse42", "has_popcnt"};

}  // namespace

std::string cpu_features() {
  std::string out;
  const auto add = [&](std::string_view name, bool has) {
    if (has) out.append(out.empty() ? "" : ",").append(name);
  };
  // What Cranelift 0.135 detects on x86-64.
  add("sse3", CPU_FEATURE_ACTIVE(SSE3));
  add("ssse3", CPU_FEATURE_ACTIVE(SSSE3));
  add("sse4.1", CPU_FEATURE_ACTIVE(SSE4_1));
  add("sse4.2", CPU_FEATURE_ACTIVE(SSE4_2));
  add("popcnt", CPU_FEATURE_ACTIVE(POPCNT));
  add("avx", CPU_FEATURE_ACTIVE(AVX));
  add("avx2", CPU_FEATURE_ACTIVE(AVX2));
  add("fma", CPU_FEATURE_ACTIVE(FMA));
  add("bmi", CPU_FEATURE_ACTIVE(BMI1));
  add("bmi2", CPU_FEATURE_ACTIVE(BMI2));
  add("lzcnt", CPU_FEATURE_PRESENT(LZCNT));
  add("avx512bitalg", CPU_FEATURE_ACTIVE(AVX512_BITALG));
  add("avx512dq", CPU_FEATURE_ACTIVE(AVX512DQ));
  add("avx512f", CPU_FEATURE_ACTIVE(AVX512F));
  add("avx512vl", CPU_FEATURE_ACTIVE(AVX512VL));
  add("avx512vbmi", CPU_FEATURE_ACTIVE(AVX512_VBMI));
  return out;
}

std::span<const char* const> portable_flags() { return kPortableFlags; }

bool is_portable_cpu() {
  return CPU_FEATURE_ACTIVE(SSE3) && CPU_FEATURE_ACTIVE(SSSE3) && CPU_FEATURE_ACTIVE(SSE4_1) &&
         CPU_FEATURE_ACTIVE(SSE4_2) && CPU_FEATURE_ACTIVE(POPCNT);
}

}  // namespace ferry::engine::wasmtime
