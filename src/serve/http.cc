#include "serve/http.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "http/inherited.h"
#include "serve/change.h"
#include "serve/fleet.h"
#include "serve/front.h"
#include "serve/generations.h"
#include "serve/memory.h"
#include "serve/rest_of_code.h"
#include "serve/shut_in.h"
#include "telemetry/settings.h"

namespace ferry::serve {
namespace {

// A loop that has nothing to do goes round this often; the supervisor looks less often.
constexpr std::chrono::milliseconds kBeat{500};

const char* environment(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread yet
}

// Where nobody says: half of what its cgroups allow; the other half is for what runs.
std::uint64_t memory_budget(const Options& options) {
  if (options.memory_budget) return *options.memory_budget;
  const auto limit = memory_limit();
  return limit ? *limit / 2 : UINT64_MAX;
}

// All that processes of one server have in common.
struct Shared {
  Provider& provider;
  const Options& options;
  const ServiceFactory& make_service;
  Generations& generations;
  std::uint64_t kept;  // bytes that each worker may hold for kept instances
};

// A worker's life.
Status work(Shared& shared, WorkerPlace place) {
  const auto& [provider, options, make_service, generations, kept] = shared;
  Generation& generation = generations.enter();
  const std::vector<Listed>& functions = generation.functions;
  Changes::Adopted adopted = generation.changes.adopt(place.index);
  Phases phases;
  SlotCounters& counters = place.board.slot(place.slot);
  capsule::RecordOptions record = options.record;
  record.counters = &counters.capsules;
  FERRY_TRY(const Running running, bring_up(generation.provider, functions,
                                            engine_options_for(functions), record, phases));
  generation.provider.let_go();  // this worker's copy: its successors read the supervisor's
  running.host->limit_kept(kept);
  LogQueue queue(place.log, counters.log_dropped, std::string(provider.program()));
  LogWriter log(queue, options.log_format);
  AdapterContext context = running.context(options.quiet ? nullptr : &log);
  context.observe = [&](std::size_t function, const host::Outcome& outcome, Nanoseconds took) {
    place.board.function(place.slot, function).count(outcome, took);
    counters.kept.store(running.host->kept_bytes(), std::memory_order_relaxed);
  };
  for (std::size_t i = 0; i < functions.size(); ++i) {
    place.board.function(place.slot, i)
        .interpreted.store(&host::host_of(*running.functions[i].version()) != running.host.get(),
                           std::memory_order_relaxed);
  }
  const auto take = [&](Change change) {
    if (change.function == Change::kLog) {
      dup2(change.bundle.get(), STDERR_FILENO);
      return;
    }
    if (change.function >= functions.size()) return;
    const Listed& listed = functions[change.function];
    const host::InService& served = running.functions[change.function];
    FunctionCounters& of_function = place.board.function(place.slot, change.function);
    const bool is_snapshot = change.what == Improvement::kSnapshot;
    const Status changed =
        change_over(*running.host, served, listed, generations.key(), std::move(change));
    if (changed.ok()) {
      of_function.snapshot.store(is_snapshot ? 1 : 0, std::memory_order_relaxed);
      of_function.interpreted.store(0, std::memory_order_relaxed);
    } else {
      provider.complain(changed.error());  // it is served as it was
      served.settle();
    }
  };
  for (Change& change : adopted.before) take(std::move(change));
  FERRY_TRY(auto service, make_service(std::move(context)));
  std::vector<function::Limits> limits;
  limits.reserve(functions.size());
  for (const Listed& each : functions) {
    limits.push_back(each.manifest.limits);
  }
  http::ServerOptions front = front_options(limits);
  front.counters = &counters.front;
  front.on_lack = [&](int error) {
    queue.push_now(
        errno_error(fmt::format("{}: requests wait", provider.program()), error).message + "\n");
  };
  front.beat = kBeat;
  front.shares_listener = true;
  FERRY_TRY(auto server, http::Server::make(std::move(front), *service));
  FERRY_CHECK_OK(server->listen(std::move(place.listener)));
  Fd pressure = open_memory_pressure();
  generation.provider.forget_keys();
  FERRY_CHECK_OK(host::sandbox::enter(options.sandbox, needs_of(functions, options.record)));
  // Only now: the sandbox wants a process of one thread.
  FERRY_CHECK_OK(running.host->keep_deadlines());
  FERRY_TRY(const auto receiver, ChangeReceiver::make(adopted.receiver.get(), take));
  std::unique_ptr<PressureWatch> watch;
  if (pressure.valid()) {
    FERRY_TRY(watch, PressureWatch::make(std::move(pressure), [&] {
                running.host->give_back();
                counters.kept.store(running.host->kept_bytes(), std::memory_order_relaxed);
                counters.gave_back.fetch_add(1, std::memory_order_relaxed);
              }));
  }
  const RestOfCode rest(running.unread, [&](const Error& error) { provider.complain(error); });
  return serve_until_stopped(
      *server, [&] { counters.ready.store(true, std::memory_order_release); }, place.leaving);
}

}  // namespace

Status serve_http(Provider& provider, const Options& options, const ServiceFactory& make_service) {
  const std::size_t workers = options.workers > 0 ? options.workers : usable_cores();
  // First of all: who connects while the functions are made ready waits, and is not refused, which
  // would have them wait longer before they try again.
  FERRY_TRY(http::Inherited inherited, http::take_inherited());
  FERRY_TRY(auto listeners, inherited.listener
                                ? http::share(*std::move(inherited.listener), workers)
                                : http::listen_on(options.listen, workers));
  listeners.inherited = inherited.listener.has_value();
  FERRY_TRY(const std::vector<Listed> functions, provider.list({}));
  if (options.print_sandbox) {
    print_sandbox(options, needs_of(functions, options.record));
    return Done{};
  }
  if (!options.quiet) {
    host::sandbox::warn(provider.program(), options.sandbox, needs_of(functions, options.record));
  }
  // Said once and at once, not by each worker.
  if (auto traces = telemetry::settings_from(environment); !traces.ok()) {
    return std::move(traces).error();
  }
  if (auto metrics = telemetry::metric_settings_from(environment); !metrics.ok()) {
    return std::move(metrics).error();
  }
  FERRY_CHECK_OK(provider.prepare());
  FleetOptions fleet{
      std::string(provider.program()), {}, options.admin, options.pin, options.quiet};
  fleet.was_cut = options.was_cut;
  fleet.admin_socket = std::move(inherited.admin);
  for (const Listed& each : functions) {
    fleet.names.push_back(each.name);
  }
  FERRY_TRY(const auto generations, Generations::make(provider, functions, options, workers));
  Shared shared{provider, options, make_service, *generations, memory_budget(options) / workers};
  return run_fleet(
      std::move(fleet), std::move(listeners),
      [&](WorkerPlace place) {
        const Status worked = work(shared, std::move(place));
        if (!worked.ok()) {
          provider.complain(worked.error());
        }
        return worked.ok() ? 0 : 1;
      },
      *generations);
}

}  // namespace ferry::serve
