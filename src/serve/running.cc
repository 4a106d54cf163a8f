#include "serve/running.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "base/say.h"
#include "telemetry/emf.h"
#include "telemetry/exporter.h"
#include "telemetry/metrics.h"

namespace ferry::serve {
namespace {

constexpr std::uint32_t kMostInstances = 1024;
constexpr std::uint64_t kLeastMemory = 1u << 20;

}  // namespace

engine::EngineOptions engine_options_for(std::span<const Listed> functions) {
  engine::EngineOptions options;
  std::uint64_t memory = 0;
  std::uint32_t instances = 0;
  for (const Listed& each : functions) {
    const function::Limits& limits = each.manifest.limits;
    memory = std::max(memory, limits.memory);
    // And the one that shows what the others are reset to.
    const std::uint32_t own = std::min(limits.concurrency, kMostInstances) + 1;
    instances = std::min(instances + own, kMostInstances);
    options.count_instructions |= limits.instructions.has_value();
  }
  options.max_memory = std::max(memory, kLeastMemory);
  options.max_instances = std::max(instances, 1u);
  return options;
}

void Phases::end_of(const char* phase) {
  const Monotonic now = system_clock().monotonic();
  text_ += fmt::format("{}\"{}_us\":{}", text_.empty() ? "" : ",", phase,
                       std::chrono::duration_cast<std::chrono::microseconds>(now - at_).count());
  at_ = now;
}

void Phases::print() const {
  if (std::getenv("FERRY_TRACE") != nullptr) {  // NOLINT(concurrency-mt-unsafe): no thread yet
    say("{{\"init\":{{{}}}}}\n", text_);
  }
}

namespace {

Result<std::shared_ptr<host::Loaded>> load_provisional(Provider& provider, std::size_t index,
                                                       const engine::EngineOptions& options,
                                                       const host::LoadOptions& load,
                                                       Running& running) {
  if (!running.provisional_engine) {
    FERRY_TRY(running.provisional_engine, provider.make_provisional_engine(options));
    running.provisional_host =
        std::make_unique<host::Host>(**running.provisional_engine, system_clock(), system_random());
  }
  FERRY_TRY(const bundle::Bundle bundle,
            provider.provisional_bundle(index, (*running.provisional_engine)->info()));
  return running.provisional_host->load(bundle, load);
}

}  // namespace

AdapterContext Running::context(LogWriter* log) const {
  AdapterContext context{*host, functions, system_clock(), system_random()};
  context.recorders = recorders;
  context.log = log;
  context.reads_logs = log != nullptr;
  return context;
}

namespace {

Result<std::vector<std::shared_ptr<host::Recorder>>> make_recorders(
    const capsule::RecordOptions& record, std::string_view program) {
  const auto env = [](const char* name) -> const char* {
    return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread yet
  };
  std::vector<std::shared_ptr<host::Recorder>> recorders;
  if (!record.folder.empty()) {
    FERRY_TRY(auto store, capsule::Store::open(record, std::string(program)));
    recorders.push_back(std::move(store));
  }
  FERRY_TRY(auto traces, telemetry::settings_from(env));
  if (traces) {
    recorders.push_back(
        std::make_shared<telemetry::Exporter>(*std::move(traces), std::string(program)));
  }
  FERRY_TRY(auto metrics, telemetry::metric_settings_from(env));
  if (metrics) {
    recorders.push_back(
        std::make_shared<telemetry::MetricExporter>(*std::move(metrics), std::string(program)));
  }
  if (const char* how = env(telemetry::kMetricsVariable); how != nullptr && *how != '\0') {
    if (std::string_view(how) != "emf") {
      return Error{Code::kUsage,
                   fmt::format("{} is '{}', and takes emf", telemetry::kMetricsVariable, how),
                   "collectors are named by OTEL_EXPORTER_OTLP_ENDPOINT"};
    }
    recorders.push_back(std::make_shared<telemetry::EmfWriter>(STDERR_FILENO));
  }
  return recorders;
}

}  // namespace

Status change_over(host::Host& host, const host::InService& place, const Listed& listed,
                   const bundle::MacKey& key, Change change) {
  if (!change.bundle.valid()) {  // it could not be compiled
    place.settle();
    return Done{};
  }
  FERRY_TRY(const bundle::Bundle bundle, bundle::open_sealed(std::move(change.bundle), key));
  const auto before = place.version();
  host::LoadOptions load{listed.name, listed.manifest, {}};
  load.like = before.get();
  FERRY_TRY(auto next, host.load(bundle, load));
  place.replace(std::move(next));
  return Done{};
}

Result<Running> bring_up(Provider& provider, std::span<const Listed> functions,
                         const engine::EngineOptions& options, const capsule::RecordOptions& record,
                         Phases& phases) {
  FERRY_TRY(auto engine, provider.make_engine(options));
  phases.end_of("engine");
  Running running{std::move(engine), nullptr, {}, nullptr, {}, {}, {}};
  running.host = std::make_unique<host::Host>(*running.engine, system_clock(), system_random());
  FERRY_TRY(running.recorders, make_recorders(record, provider.program()));
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const host::LoadOptions load{functions[i].name, functions[i].manifest, {}};
    // What a provisional version tries in vain is not to be recorded.
    if (provider.is_provisional(i) && running.recorders.empty()) {
      auto loaded = load_provisional(provider, i, options, load, running);
      if (loaded.ok()) {
        running.functions.emplace_back(*std::move(loaded), true);
        continue;
      }  // it waits for its compiler, then
    }
    FERRY_TRY(const bundle::Bundle bundle, provider.bundle(i, running.engine->info()));
    FERRY_TRY(auto loaded, running.host->load(bundle, load));
    running.functions.emplace_back(std::move(loaded));
    if (!bundle.artifact->is_read()) running.unread.push_back(bundle.artifact);
  }
  for (const host::InService& function : running.functions) {
    for (const auto& recorder : running.recorders)
      host::add_recorder(*function.version(), recorder);
  }
  phases.end_of("load");
  return running;
}

}  // namespace ferry::serve
