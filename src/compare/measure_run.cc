// From a bundle to events, in the child: load, instantiate, run; then whole events through the
// host, one thread and several; then what an instance holds.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "base/digest.h"
#include "base/file.h"
#include "bundle/load.h"
#include "bundle/store.h"
#include "compare/sample.h"
#include "compare/stats.h"
#include "compare/stopwatch.h"
#include "engine/loader.h"
#include "function/function.h"
#include "host/host.h"
#include "host/invocation.h"
#include "reset/kept_instance.h"
#include "wasm/record.h"

namespace ferry::compare {
namespace {

constexpr std::size_t kMostEvents = 3000;  // a phase; more would say nothing new
constexpr std::size_t kFewestEvents = 3;
constexpr int kHeld = 16;       // instances alive at once, for their memory
constexpr int kFewestHeld = 2;  // where a run takes longer than the budget
constexpr std::uint64_t kMaxData = 64u << 20;
constexpr std::chrono::milliseconds kTimeout{120'000};

// Private memory that this process has written, in bytes.
double private_bytes() {
  std::ifstream in("/proc/self/smaps_rollup");
  std::string word;
  double total = 0;
  while (in >> word) {
    double kib = 0;
    if (word == "Private_Dirty:" && in >> kib) {
      total += kib * 1024;
    }
  }
  return total;
}

// Everything that the phases share.
struct Bench {
  engine::Engine& engine;
  bundle::Bundle bundle;
  function::Function function;
  event::Event event;
  host::Host host;
  unsigned budget_ms;
};

// One event, phase by phase (host/host.cc does the same in one go). CPU microseconds.
struct Phases {
  std::vector<double> instantiate;
  std::vector<double> run;
  std::vector<double> drop;
};

Status run_once(engine::Instance& instance, const host::Guest& guest, wasi::Context& context,
                const Bench& bench) {
  event::ReadyEvent event(bench.event);
  const host::InvokeOptions options;
  host::Invocation invocation(guest, event, options);
  const Monotonic deadline = system_clock().monotonic() + kTimeout;
  FERRY_CHECK_OK(invocation.begin(context, deadline));
  const engine::End end = invocation.call(instance, context, deadline);
  const bool exited = end.kind == engine::End::Kind::kStopped &&
                      context.stop() == wasi::Stop::kExit && context.exit_code() == 0;
  if (!exited && (end.kind != engine::End::Kind::kReturned || end.value != 0)) {
    return Error{Code::kInvalid, "a run ended otherwise than the first: " + end.message, ""};
  }
  return Done{};
}

// One event by phases.
Status event_by_phases(engine::Module& module, const host::Guest& guest, wasi::Context& context,
                       const Bench& bench, Phases& phases) {
  const Stopwatch first;
  FERRY_TRY(auto instance, module.instantiate(guest.instance_limits()));
  const double instantiated = first.cpu_us();
  FERRY_CHECK_OK(run_once(*instance, guest, context, bench));
  const double ran = first.cpu_us();
  instance.reset();
  const double dropped = first.cpu_us();
  phases.instantiate.push_back(instantiated);
  phases.run.push_back(ran - instantiated);
  phases.drop.push_back(dropped - ran);
  return Done{};
}

Status measure_phases(engine::Module& module, const host::Guest& guest, const Bench& bench,
                      Sample& sample) {
  wasi::Context context(system_clock(), system_random());
  Phases first;
  FERRY_CHECK_OK(event_by_phases(module, guest, context, bench, first));
  sample.values["first_instantiate_us"] = first.instantiate[0];
  sample.values["first_run_us"] = first.run[0];
  Phases later;
  const Stopwatch watch;
  while (later.run.size() < kMostEvents &&
         (later.run.size() < kFewestEvents || watch.wall_us() < bench.budget_ms * 1e3)) {
    FERRY_CHECK_OK(event_by_phases(module, guest, context, bench, later));
  }
  sample.values["instantiate_us"] = median_of(std::move(later.instantiate));
  sample.values["run_us"] = median_of(std::move(later.run));
  sample.values["drop_us"] = median_of(std::move(later.drop));
  return Done{};
}

Status measure_memory(engine::Module& module, const host::Guest& guest, const Bench& bench,
                      Sample& sample) {
  wasi::Context context(system_clock(), system_random());
  std::vector<std::unique_ptr<engine::Instance>> held;
  double before = 0;
  const Stopwatch watch;
  for (int i = 0; i <= kHeld && (i <= kFewestHeld || watch.wall_us() < bench.budget_ms * 1e3);
       ++i) {
    FERRY_TRY(auto instance, module.instantiate(guest.instance_limits()));
    FERRY_CHECK_OK(run_once(*instance, guest, context, bench));
    held.push_back(std::move(instance));
    if (i == 0) before = private_bytes();  // the place of an earlier one may be used again
  }
  const auto since = static_cast<double>(held.size() - 1);
  sample.values["memory_bytes"] = std::max(0.0, private_bytes() - before) / since;
  return Done{};
}

// CPU time of a whole event through the host, in the mean over the budget.
Status measure_events(Bench& bench, host::Loaded& loaded, const char* id, Sample& sample) {
  std::size_t events = 0;
  const Stopwatch watch;
  while (events < kMostEvents &&
         (events < kFewestEvents || watch.wall_us() < bench.budget_ms * 1e3)) {
    const host::Outcome outcome = bench.host.invoke(loaded, bench.event, {});
    if (outcome.status != host::Status::kOk) {
      return Error{Code::kInvalid, "a later event ended otherwise: " + outcome.message, ""};
    }
    ++events;
  }
  sample.values[id] = watch.cpu_us() / static_cast<double>(events);
  return Done{};
}

double events_per_second(Bench& bench, host::Loaded& loaded, unsigned threads) {
  std::atomic<std::size_t> events{0};
  const double from = clock_us(CLOCK_MONOTONIC);
  const double until = from + bench.budget_ms * 1e3;
  const auto work = [&] {
    do {
      events += bench.host.invoke(loaded, bench.event, {}).status == host::Status::kOk ? 1 : 0;
    } while (clock_us(CLOCK_MONOTONIC) < until);
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  return static_cast<double>(events) * 1e6 / (clock_us(CLOCK_MONOTONIC) - from);
}

Status measure_all(const Task& task, Bench& bench, Sample& sample) {
  FERRY_TRY(wasm::Record record, wasm::record_from_json(bench.bundle.info.facts));
  FERRY_TRY(const host::Guest guest,
            host::make_guest(bench.function.name, std::move(record), bench.function.manifest,
                             host::Directories::kOpen));
  {
    const Stopwatch load;
    FERRY_TRY(const auto module, bundle::load_artifact(bench.engine, bench.bundle.artifact));
    sample.values["load_us"] = load.cpu_us();
    FERRY_CHECK_OK(measure_phases(*module, guest, bench, sample));
    FERRY_CHECK_OK(measure_memory(*module, guest, bench, sample));
  }
  host::LoadOptions how{bench.function.name, bench.function.manifest, {}};
  how.keeping.enabled = false;
  FERRY_TRY(const auto fresh, bench.host.load(bench.bundle, how));
  const host::Outcome outcome = bench.host.invoke(*fresh, bench.event, {});
  if (outcome.status != host::Status::kOk) {
    return Error{Code::kInvalid,
                 std::string(host::status_row(outcome.status).name) + ": " + outcome.message,
                 outcome.hint};
  }
  sample.reply_digest = digest_of(as_bytes(outcome.reply.data));
  FERRY_CHECK_OK(measure_events(bench, *fresh, "event_new_us", sample));
  how.keeping.enabled = true;
  FERRY_TRY(const auto kept, bench.host.load(bench.bundle, how));
  if (reset::can_keep(guest.record, bench.engine.info().capabilities).ok()) {
    FERRY_CHECK_OK(measure_events(bench, *kept, "event_kept_us", sample));
  }
  sample.values["events_1"] = events_per_second(bench, *kept, 1);
  sample.values["events_n"] = events_per_second(bench, *kept, task.threads);
  return Done{};
}

}  // namespace

Result<Sample> measure_run(const Task& task) {
  FERRY_TRY(function::Function function,
            function::load_function(task.function, task.manifest, task.sections));
  function.manifest.limits.timeout = kTimeout;
  function.manifest.limits.output = kMaxData;
  engine::EngineOptions options;
  options.max_memory = std::max<std::uint64_t>(function.manifest.limits.memory, 1u << 20);
  options.max_instances = kHeld + 1 + task.threads;
  Sample sample;
  const Stopwatch open(Stopwatch::Of::kProcess);
  FERRY_TRY(auto engine, engine::load_engine(task.engine, options));
  sample.values["open_us"] = open.cpu_us();
  sample.version = engine->info().version;
  FERRY_TRY(auto store, bundle::Store::open({task.folder}));
  FERRY_TRY(bundle::Bundle bundle,
            store.get(
                function, engine->info(),
                [](ByteView) -> Result<Bytes> {
                  return Error{Code::kInternal, "what was compiled is not for this engine", ""};
                },
                nullptr));
  FERRY_TRY(const Bytes data, read_file(task.data, kMaxData));
  event::Event event;
  event.id = "1";
  event.source = "/ferry/compare";
  event.type = "ferry.compare";
  event.data = std::string(as_text(data));
  Bench bench{*engine,
              std::move(bundle),
              std::move(function),
              std::move(event),
              host::Host(*engine, system_clock(), system_random()),
              task.budget_ms};
  FERRY_CHECK_OK(measure_all(task, bench, sample));
  return sample;
}

}  // namespace ferry::compare
