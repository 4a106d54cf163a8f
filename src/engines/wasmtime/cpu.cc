#include "engines/wasmtime/cpu.h"

#include <string_view>

#if defined(__x86_64__)
#include "base/cpu_features.h"
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace ferry::engine::wasmtime {
namespace {

constexpr const char* kAmd64Flags[] = {"has_sse3",  "has_ssse3", "has_cmpxchg16b",
                                       "has_sse41", "has_sse42", "has_popcnt"};

}  // namespace

std::string cpu_features() {
  std::string out;
  const auto add = [&](std::string_view name, bool has) {
    if (has) out.append(out.empty() ? "" : ",").append(name);
  };
  // What Cranelift 0.135 detects.
#if defined(__x86_64__)
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
#elif defined(__aarch64__)
  const unsigned long has = getauxval(AT_HWCAP);
  add("lse", (has & HWCAP_ATOMICS) != 0);
  add("paca", (has & HWCAP_PACA) != 0);
  add("fp16", (has & HWCAP_FPHP) != 0 && (has & HWCAP_ASIMDHP) != 0);
  add("dotprod", (has & HWCAP_ASIMDDP) != 0);
  add("i8mm", (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0);
#endif
  return out;
}

const char* portable_level(Architecture architecture) {
  return architecture == Architecture::kAmd64 ? "x86-64-v2" : "armv8-a";
}

std::span<const char* const> portable_flags(Architecture architecture) {
  if (architecture == Architecture::kAmd64) return kAmd64Flags;
  return {};  // Cranelift's target starts with Armv8.0-A
}

bool is_portable_cpu() {
#if defined(__x86_64__)
  return CPU_FEATURE_ACTIVE(SSE3) && CPU_FEATURE_ACTIVE(SSSE3) && CPU_FEATURE_ACTIVE(SSE4_1) &&
         CPU_FEATURE_ACTIVE(SSE4_2) && CPU_FEATURE_ACTIVE(POPCNT);
#else
  return true;
#endif
}

}  // namespace ferry::engine::wasmtime
