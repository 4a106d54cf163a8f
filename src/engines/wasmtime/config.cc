#include "engines/wasmtime/config.h"

#include <algorithm>
#include <cstdlib>

#include <sys/mman.h>

#include "engines/wasmtime/cpu.h"
#include "engines/wasmtime/interrupts.h"

namespace ferry::engine::wasmtime {
namespace {

// Every 32-bit address is inside the reservation, so that a guest's loads and stores need no
// bounds check; the guard takes their constant offsets.
constexpr std::uint64_t kReservation = 4ull << 30;
constexpr std::uint64_t kGuard = 32ull << 20;

// What a pooled slot keeps resident when its instance goes, instead of giving the pages back to
// the kernel and faulting them in again. About what a small C guest touches.
constexpr std::size_t kMemoryKeepResident = 64u << 10;
constexpr std::size_t kTableKeepResident = 16u << 10;

// How many unused slots wait for the module they served last. With more of them the
// first call of each further function gets a slot that was never touched, whose every page the
// kernel has yet to make; one that served another function only gets its memory mapped anew.
constexpr std::uint32_t kWaitingSlots = 16;

constexpr std::uint32_t kTablesPerModule = 4;
constexpr std::size_t kTableElements = 1u << 20;
constexpr std::size_t kInstanceBytes = 16u << 20;

#ifdef __SANITIZE_THREAD__
constexpr std::uint32_t kMostInstances = 128;  // it leaves a program 1.5 TiB of addresses in all
#else
constexpr std::uint32_t kMostInstances = UINT32_MAX;
#endif

// Wasmtime ends the process when it cannot reserve its pool: ask the kernel first.
Status check_address_space(std::uint64_t bytes) {
  void* probe = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == MAP_FAILED) {
    return Error{Code::kLimit,
                 "wasmtime: the address space has no room for its pool of instances (" +
                     std::to_string(bytes >> 30) + " GiB, reserved and not used)",
                 "raise `ulimit -v`, or run fewer instances at once"};
  }
  munmap(probe, bytes);
  return Done{};
}

Status set_pool(wasm_config_t& config, const EngineOptions& options) {
  const std::uint32_t instances = std::clamp(options.max_instances, 1u, kMostInstances);
  const std::uint64_t memory =
      std::clamp(options.max_memory, std::uint64_t{64} << 10, kReservation);
  const std::uint64_t slot = kReservation + kGuard;
  FERRY_CHECK_OK(check_address_space((instances + 1) * slot));

  std::unique_ptr<wasmtime_pooling_allocation_config_t,
                  Deleter<wasmtime_pooling_allocation_config_delete>>
      pool(wasmtime_pooling_allocation_config_new());
  auto* p = pool.get();
  wasmtime_pooling_allocation_config_total_core_instances_set(p, instances);
  wasmtime_pooling_allocation_config_total_memories_set(p, instances);
  wasmtime_pooling_allocation_config_total_tables_set(p, instances * kTablesPerModule);
  wasmtime_pooling_allocation_config_max_memories_per_module_set(p, 1);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(p, kTablesPerModule);
  wasmtime_pooling_allocation_config_table_elements_set(p, kTableElements);
  wasmtime_pooling_allocation_config_max_core_instance_size_set(p, kInstanceBytes);
  wasmtime_pooling_allocation_config_max_memory_size_set(p, memory);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(p, kMemoryKeepResident);
  wasmtime_pooling_allocation_config_table_keep_resident_set(p, kTableKeepResident);
  wasmtime_pooling_allocation_config_max_unused_warm_slots_set(p, kWaitingSlots);
  wasmtime_pooling_allocation_strategy_set(&config, p);
  return Done{};
}

// Nothing that is still a proposal with its own runtime: no garbage collection, exceptions,
// threads, second memories or 64-bit ones. The archive without a compiler refuses code that was
// made with any of them switched on.
void set_features(wasm_config_t& config) {
  wasm_config_t* c = &config;
  wasmtime_config_gc_support_set(c, false);
  wasmtime_config_wasm_tail_call_set(c, true);
  wasmtime_config_wasm_multi_memory_set(c, false);
  wasmtime_config_wasm_memory64_set(c, false);
  wasmtime_config_wasm_relaxed_simd_set(c, false);
  wasmtime_config_wasm_custom_page_sizes_set(c, false);
  wasmtime_config_wasm_wide_arithmetic_set(c, false);
  wasmtime_config_wasm_simd_set(c, true);
  wasmtime_config_wasm_bulk_memory_set(c, true);
  wasmtime_config_wasm_multi_value_set(c, true);
  wasmtime_config_shared_memory_set(c, false);
}

}  // namespace

const char* default_variant() {
#ifdef WASMTIME_FEATURE_COMPILER
  return kNative;
#else
  return kPortable;
#endif
}

Result<Variant> parse_variant(const EngineOptions& options) {
  const std::string name = options.variant.empty() ? default_variant() : options.variant;
  if (name == kNative) return Variant{};
  if (name == kPortable) return Variant{true};
  const std::string prefix = std::string(kPortable) + "-";
  const auto architecture = find_architecture(
      name.starts_with(prefix) ? std::string_view(name).substr(prefix.size()) : "");
  if (!architecture) {
    return Error{Code::kUsage, "wasmtime has no variant '" + name + "'",
                 "its variants are: " + std::string(kNative) + ", " + kPortable};
  }
  const Variant variant{true, *architecture};
#ifndef FERRY_WASMTIME_CROSS
  if (variant.foreign()) {
    return Error{Code::kNotFound,
                 "this build's compiler makes code for " + std::string(name_of(kThisArchitecture)) +
                     " alone, and " + std::string(name_of(*architecture)) + " is wanted",
                 kThisArchitecture == Architecture::kAmd64
                     ? "`make arm64` builds one that makes both, and the ferry-host for arm64"
                     : "use a ferry for x86-64, whose packages make both (docs/arm64.md)"};
  }
#endif
  if (variant.foreign() && !options.compile_only) {
    return Error{Code::kUnsupported,
                 "code for " + std::string(name_of(*architecture)) + " does not run on " +
                     std::string(name_of(kThisArchitecture)),
                 ""};
  }
  return variant;
}

Result<ConfigPtr> make_config(const EngineOptions& options,
                              [[maybe_unused]] const Variant& variant) {
  ConfigPtr config(wasm_config_new());
  wasm_config_t* c = config.get();
  set_features(*c);
  wasmtime_config_epoch_interruption_set(c, !kBySignal);
  wasmtime_config_consume_fuel_set(c, options.count_instructions);
  wasmtime_config_max_wasm_stack_set(c, options.max_stack);
  wasmtime_config_memory_init_cow_set(c, true);
  wasmtime_config_memory_may_move_set(c, false);
  wasmtime_config_memory_reservation_set(c, kReservation);
  wasmtime_config_memory_guard_size_set(c, kGuard);
  wasmtime_config_native_unwind_info_set(c, true);
#ifdef WASMTIME_FEATURE_COMPILER
  wasmtime_config_cranelift_opt_level_set(c, WASMTIME_OPT_LEVEL_SPEED);
  wasmtime_config_parallel_compilation_set(c, true);
  if (variant.portable) {
    // Naming a target, even our own, starts from the bare instruction set.
    const std::string target = std::string(machine_of(variant.architecture)) + "-unknown-linux-gnu";
    if (ErrorPtr error{wasmtime_config_target_set(c, target.c_str())}) {
      return Error{Code::kInternal, "wasmtime: " + message_of(*error), ""};
    }
    for (const char* flag : portable_flags(variant.architecture)) {
      wasmtime_config_cranelift_flag_enable(c, flag);
    }
  }
#endif
  if (!options.compile_only) FERRY_CHECK_OK(set_pool(*c, options));
  return config;
}

std::string make_fingerprint(const EngineOptions& options, const Variant& variant) {
  std::string out = "wasmtime/" WASMTIME_VERSION " ";
  out += machine_of(variant.architecture);
  out += std::string(" ") + (variant.portable ? kPortable : kNative);
  out += kBySignal ? " signals" : " epochs";
  if (options.count_instructions) out += " fuel";
  // Wasmtime reads this one itself, and then keeps source lines in the code.
  const char* details = std::getenv("WASMTIME_BACKTRACE_DETAILS");
  if (details != nullptr && std::string_view(details) == "1") out += " details";
  out += " cpu:";
  out += variant.portable ? portable_level(variant.architecture) : cpu_features();
  return out;
}

}  // namespace ferry::engine::wasmtime
