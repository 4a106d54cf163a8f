// What the engine interface costs: one event through Module::instantiate and Instance::call,
// against the same calls made straight to wasmtime's C API in a loop. Same module, same settings,
// same WASI bound to both, one process; rounds take turns, so that a noisy machine is noisy for
// both. CPU time of the thread.
//
//   build-bench/bin/bench_overhead FUNCTION.wasm DATA [EVENTS_A_ROUND] [ROUNDS]
//
// Prints one JSON object: the medians in microseconds, and the median, quartiles and count of the
// rounds' ratios.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/mman.h>

#include "base/file.h"
#include "cpu_us.h"
#include "engine/loader.h"
#include "engine/lower.h"
#include "engines/wasmtime/config.h"
#include "function/function.h"

namespace {

using namespace ferry;
namespace wt = engine::wasmtime;

constexpr std::uint64_t kMemory = 128ull << 20;
constexpr std::chrono::seconds kTimeout{3};

int fail(std::string_view what) {
  fmt::print(stderr, "bench_overhead: {}\n", what);
  return 1;
}

double at(std::vector<double> values, std::size_t quarter) {
  std::ranges::sort(values);
  return values[(values.size() - 1) * quarter / 4];
}

// What both sides are given.
struct Work {
  std::string name;
  std::string data;
  wasi::Context context{system_clock(), system_random()};

  void begin() {
    wasi::Setup setup;
    setup.lists.args = {name};
    setup.stdin_data = data;
    context.reset(std::move(setup));
  }
  bool right() const {
    return (context.stop() == wasi::Stop::kNone || context.exit_code() == 0) &&
           !context.out().empty();
  }
};

// One side: an event in a new instance.
class Side {
 public:
  virtual ~Side() = default;
  virtual bool event(Work& work) = 0;
};

class Interface final : public Side {
 public:
  explicit Interface(engine::Module& module) : module_(module) {}
  bool event(Work& work) override {
    work.begin();
    auto instance = module_.instantiate({kMemory, {}});
    if (!instance.ok()) return false;
    const engine::End end =
        (*instance)->call("_start", work.context, std::chrono::steady_clock::now() + kTimeout);
    return (end.kind == engine::End::Kind::kReturned || end.kind == engine::End::Kind::kStopped) &&
           work.right();
  }

 private:
  engine::Module& module_;
};

// The C API with nothing between: what a program would write that embeds wasmtime and nothing else.
class Straight final : public Side {
 public:
  Status start(const engine::EngineOptions& options, ByteView artifact) {
    FERRY_TRY(const wt::Variant variant, wt::parse_variant(options));
    FERRY_TRY(wt::ConfigPtr config, wt::make_config(options, variant));
    engine_.reset(wasm_engine_new_with_config(config.release()));
    linker_.reset(wasmtime_linker_new(engine_.get()));
    const std::string_view module = wasi::kModule;
    for (const wasi::Call& call : wasi::calls()) {
      void* env = const_cast<wasi::Call*>(&call);
      const wt::FuncTypePtr type = type_of(call);
      const wt::ErrorPtr error(wasmtime_linker_define_func_unchecked(
          linker_.get(), module.data(), module.size(), call.name.data(), call.name.size(),
          type.get(), wasi_call, env, nullptr));
      if (error != nullptr) return Error{Code::kInternal, "define " + std::string(call.name), ""};
    }
    wasmtime_module_t* raw = nullptr;
    const wt::ErrorPtr error(
        wasmtime_module_deserialize(engine_.get(), artifact.data(), artifact.size(), &raw));
    if (error != nullptr) return Error{Code::kInternal, "load the module", ""};
    module_.reset(raw);
    wasmtime_instance_pre_t* pre = nullptr;
    const wt::ErrorPtr unlinked(
        wasmtime_linker_instantiate_pre(linker_.get(), module_.get(), &pre));
    if (unlinked != nullptr) return Error{Code::kInternal, "link the module", ""};
    pre_.reset(pre);
    return Done{};
  }

  bool event(Work& work) override {
    work.begin();
    Now now;
    now.wasi = &work.context;
    const wt::StorePtr store(wasmtime_store_new(engine_.get(), &now, nullptr));
    wasmtime_context_t* context = wasmtime_store_context(store.get());
    wasmtime_store_epoch_deadline_callback(store.get(), on_epoch, &now, nullptr);
    wasmtime_store_limiter(store.get(), static_cast<std::int64_t>(kMemory), -1, 1, -1, -1);
    wasmtime_context_set_epoch_deadline(context, 1000);
    wasmtime_instance_t instance;
    wasm_trap_t* trap = nullptr;
    const wt::ErrorPtr failed(
        wasmtime_instance_pre_instantiate(pre_.get(), context, &instance, &trap));
    if (failed != nullptr || trap != nullptr) return false;
    wasmtime_extern_t item;
    if (!wasmtime_instance_export_get(context, &instance, "memory", 6, &item)) return false;
    now.memory = item.of.memory;
    now.base = wasmtime_memory_data(context, &now.memory);
    constexpr std::string_view kLimit = wasm::kMemoryLimitGlobal;
    if (wasmtime_instance_export_get(context, &instance, kLimit.data(), kLimit.size(), &item)) {
      wasmtime_val_t limit{};
      limit.kind = WASMTIME_I64;
      limit.of.i64 = static_cast<std::int64_t>(kMemory);
      const wt::ErrorPtr ignored(wasmtime_global_set(context, &item.of.global, &limit));
    }
    if (!wasmtime_instance_export_get(context, &instance, "_start", 6, &item)) return false;
    now.deadline = std::chrono::steady_clock::now() + kTimeout;
    wasmtime_context_set_epoch_deadline(context, 1000);
    wasmtime_val_raw_t slot{};
    const wt::ErrorPtr ended(wasmtime_func_call_unchecked(context, &item.of.func, &slot, 1, &trap));
    const wt::TrapPtr trapped(trap);
    return ((ended == nullptr && trap == nullptr) || now.stopped) && work.right();
  }

 private:
  // What the store carries: the event under way.
  struct Now {
    wasi::Context* wasi = nullptr;
    wasmtime_memory_t memory{};
    std::uint8_t* base = nullptr;
    Monotonic deadline{};
    bool stopped = false;
  };

  static wasm_trap_t* wasi_call(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* slots,
                                std::size_t count) {
    const auto& call = *static_cast<const wasi::Call*>(env);
    wasmtime_context_t* context = wasmtime_caller_context(caller);
    auto* now = static_cast<Now*>(wasmtime_context_get_data(context));
    std::array<std::uint64_t, wasi::kMaxParams> args{};
    for (std::size_t i = 0; i < std::min(call.params.size(), count); ++i) {
      args[i] = call.params[i] == 'I' ? static_cast<std::uint64_t>(slots[i].i64)
                                      : static_cast<std::uint32_t>(slots[i].i32);
    }
    const wasi::Memory memory{now->base, wasmtime_memory_data_size(context, &now->memory)};
    const wasi::CallResult result = call.function(*now->wasi, memory, args.data());
    if (result.stop) {
      now->stopped = true;
      return wasmtime_trap_new("stopped", 7);
    }
    if (call.has_result) slots[0].i32 = static_cast<std::int32_t>(result.value);
    return nullptr;
  }

  static wt::FuncTypePtr type_of(const wasi::Call& call) {
    wasm_valtype_vec_t params{};
    wasm_valtype_vec_new_uninitialized(&params, call.params.size());
    for (std::size_t i = 0; i < call.params.size(); ++i) {
      params.data[i] = wasm_valtype_new(call.params[i] == 'I' ? WASM_I64 : WASM_I32);
    }
    wasm_valtype_vec_t results{};
    wasm_valtype_vec_new_uninitialized(&results, call.has_result ? 1 : 0);
    if (call.has_result) results.data[0] = wasm_valtype_new(WASM_I32);
    return wt::FuncTypePtr(wasm_functype_new(&params, &results));
  }

  static wasmtime_error_t* on_epoch(wasmtime_context_t*, void* data, std::uint64_t* delta,
                                    wasmtime_update_deadline_kind_t* kind) {
    if (std::chrono::steady_clock::now() >= static_cast<Now*>(data)->deadline) {
      return wasmtime_error_new("deadline");
    }
    *delta = 1000;
    *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
    return nullptr;
  }

  wt::EnginePtr engine_;
  wt::LinkerPtr linker_;
  wt::ModulePtr module_;
  wt::PrePtr pre_;
};

int bench(const std::string& path, const std::string& data, int events, int rounds) {
  const auto function = function::load_function(path, "");
  if (!function.ok()) return fail(function.error().text());
  engine::EngineOptions options;
  options.max_memory = kMemory;
  options.max_instances = 4;
  auto engine = engine::make_linked_engine(options);
  if (!engine.ok()) return fail(engine.error().text());
  const auto ready = engine::ready_for(function->wasm, function->binary, (*engine)->info());
  if (!ready.ok()) return fail(ready.error().text());
  const auto artifact = (*engine)->compile(ready->prepared.wasm);
  if (!artifact.ok()) return fail(artifact.error().text());
  const Fd fd(memfd_create("artifact", MFD_CLOEXEC));
  if (const Status wrote = write_all(fd.get(), *artifact, "artifact"); !wrote.ok()) {
    return fail(wrote.error().text());
  }
  auto module = (*engine)->load(fd.get(), 0, artifact->size());
  if (!module.ok()) return fail(module.error().text());
  Interface interface(**module);
  Straight straight;
  if (const Status started = straight.start(options, *artifact); !started.ok()) {
    return fail(started.error().text());
  }
  Work work{function->name, data};
  std::array<Side*, 2> sides{&straight, &interface};
  std::array<std::vector<double>, 2> times;
  std::vector<double> ratios;
  for (int round = -2; round < rounds; ++round) {  // two to warm up
    std::array<double, 2> took{};
    for (std::size_t turn = 0; turn < sides.size(); ++turn) {
      // Who goes first changes with each round.
      const std::size_t side = (turn + static_cast<std::size_t>(round + 2)) % sides.size();
      const double from = cpu_us();
      for (int i = 0; i < events; ++i) {
        if (!sides[side]->event(work)) return fail("an event went wrong");
      }
      took[side] = (cpu_us() - from) / events;
    }
    if (round < 0) continue;
    for (std::size_t side = 0; side < sides.size(); ++side) times[side].push_back(took[side]);
    ratios.push_back(took[1] / took[0]);
  }
  fmt::print(
      "{{\"function\":\"{}\",\"events\":{},\"rounds\":{},\"straight_us\":{:.3f},"
      "\"interface_us\":{:.3f},\"ratio\":{:.4f},\"ratio_from\":{:.4f},\"ratio_to\":{:.4f}}}\n",
      function->name, events, rounds, at(times[0], 2), at(times[1], 2), at(ratios, 2),
      at(ratios, 1), at(ratios, 3));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_overhead FUNCTION.wasm DATA [EVENTS_A_ROUND] [ROUNDS]\n");
    return 2;
  }
  return bench(argv[1], argv[2], argc > 3 ? std::max(1, std::atoi(argv[3])) : 500,
               argc > 4 ? std::max(4, std::atoi(argv[4])) : 61);
}
