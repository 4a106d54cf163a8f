#include "telemetry/metrics.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/thread.h"
#include "telemetry/otlp.h"

namespace ferry::telemetry {
namespace {

constexpr int kCumulative = 2;  // AggregationTemporality

constexpr std::array<double, 16> kSeconds{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005,
                                          0.001,   0.0025,   0.005,   0.01,   0.025,   0.1,
                                          0.5,     1,        5,       30};
constexpr std::array<double, 9> kBytes{1u << 20,  2u << 20,  4u << 20,   8u << 20,  16u << 20,
                                       32u << 20, 64u << 20, 128u << 20, 512u << 20};

double seconds(double microseconds) { return std::max(microseconds, 0.0) / 1e6; }

void add_metric(std::string& list, std::string_view name, std::string_view unit,
                std::string_view words, std::string_view points, bool histogram) {
  if (points.empty()) return;
  list += fmt::format(
      R"({}{{"name":"{}","unit":"{}","description":"{}","{}":{{"aggregationTemporality":{},{})"
      R"("dataPoints":[{}]}}}})",
      list.empty() ? "" : ",", name, unit, words, histogram ? "histogram" : "sum", kCumulative,
      histogram ? "" : R"("isMonotonic":true,)", points);
}

std::string text_attribute(std::string_view key, std::string_view value) {
  std::string list = "[";
  add_text(list, key, value);
  return list + "]";
}

std::int64_t unix_nanoseconds(WallTime time) {
  return std::chrono::duration_cast<Nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

void Histogram::add(double value) {
  const auto at = std::ranges::lower_bound(bounds_, value);
  ++counts_[static_cast<std::size_t>(at - bounds_.begin())];
  ++count_;
  sum_ += value;
}

std::string Histogram::data_point(std::string_view attributes, std::string_view times) const {
  std::string counts;
  for (const std::uint64_t each : counts_) {
    counts += fmt::format("{}\"{}\"", counts.empty() ? "" : ",", each);
  }
  return fmt::format(
      R"({{"attributes":{},{},"count":"{}","sum":{},"bucketCounts":[{}],"explicitBounds":[{}]}})",
      attributes, times, count_, sum_, counts, fmt::join(bounds_, ","));
}

FunctionMetrics::FunctionMetrics() : duration_(kSeconds), memory_(kBytes) {
  for (const char* phase : {"queue", "instantiate", "guest", "teardown"}) {
    phases_.emplace_back(phase, Histogram(kSeconds));
  }
}

void FunctionMetrics::add(const host::Outcome& outcome) {
  const host::Usage& usage = outcome.usage;
  ++by_status_[outcome.status];
  const std::array<double, 4> phases{usage.queue_us, usage.instantiate_us, usage.run_us,
                                     usage.teardown_us};
  double whole = 0;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    phases_[i].second.add(seconds(phases[i]));
    whole += phases[i];
  }
  duration_.add(seconds(whole));
  if (usage.memory_bytes != 0) memory_.add(static_cast<double>(usage.memory_bytes));
}

std::string FunctionMetrics::to_json(WallTime began, WallTime now) const {
  const std::string times = fmt::format(R"("startTimeUnixNano":"{}","timeUnixNano":"{}")",
                                        unix_nanoseconds(began), unix_nanoseconds(now));
  std::string invocations;
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
  for (const auto& [status, count] : by_status_) {
    invocations +=
        fmt::format(R"({}{{"attributes":{},{},"asInt":"{}"}})", invocations.empty() ? "" : ",",
                    text_attribute("ferry.outcome", host::status_row(status).name), times, count);
    if (status != host::Status::kOk) errors += count;
    if (status == host::Status::kTimeout) timeouts += count;
  }
  const auto single = [&](std::uint64_t value) {
    return fmt::format(R"({{"attributes":[],{},"asInt":"{}"}})", times, value);
  };
  std::string phases;
  for (const auto& [name, histogram] : phases_) {
    phases += (phases.empty() ? "" : ",") +
              histogram.data_point(text_attribute("ferry.phase", name), times);
  }
  std::string out;
  add_metric(out, "faas.invocations", "{invocation}", "Events by outcome", invocations, false);
  add_metric(out, "faas.errors", "{error}", "Events whose outcome is not ok", single(errors),
             false);
  add_metric(out, "faas.timeouts", "{timeout}", "Events that ran past their deadline",
             single(timeouts), false);
  add_metric(out, "faas.invoke_duration", "s", "Time of an event in the host",
             duration_.data_point("[]", times), true);
  add_metric(out, "ferry.phase.duration", "s", "The same by phase", phases, true);
  if (memory_.count() != 0) {
    add_metric(out, "faas.mem_usage", "By", "Linear memory at the end of an event",
               memory_.data_point("[]", times), true);
  }
  return out;
}

std::string metrics_request(const MetricSettings& settings,
                            const std::map<std::string, FunctionMetrics>& functions,
                            std::string_view instance, WallTime began, WallTime now) {
  std::string resources;
  for (const auto& [name, metrics] : functions) {
    resources += fmt::format(R"({}{{{},"scopeMetrics":[{{{},"metrics":[{}]}}]}})",
                             resources.empty() ? "" : ",", resource_of(settings, name, instance),
                             scope(), metrics.to_json(began, now));
  }
  return fmt::format(R"({{"resourceMetrics":[{}]}})", resources);
}

class MetricExporter::Core {
 public:
  Core(MetricSettings settings, std::string program)
      : settings_(std::move(settings)), program_(std::move(program)) {}

  void add(const std::shared_ptr<Core>& self, const std::string& function,
           const host::Outcome& outcome);
  void end();

 private:
  void run();
  void complain(const Error& error);

  const MetricSettings settings_;
  const std::string program_;
  // Sums start anew with each process: collectors tell them apart by it.
  const std::string instance_ = uuid_v7(system_clock(), system_random());
  const WallTime began_ = system_clock().wall();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, FunctionMetrics> functions_;
  bool running_ = false;
  bool ending_ = false;
  bool warned_ = false;
};

void MetricExporter::Core::add(const std::shared_ptr<Core>& self, const std::string& function,
                               const host::Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  functions_[function].add(outcome);
  if (!running_ && !ending_) {
    // By the first event, since a process that shuts itself in may have no second thread before
    // (host/sandbox.h).
    auto started = start_side_thread([self] { self->run(); });
    running_ = started.ok();  // the next event tries again
    if (running_) started->detach();
  }
}

void MetricExporter::Core::end() {
  std::unique_lock lock(mutex_);
  ending_ = true;
  wake_.notify_all();
  wake_.wait_for(lock, kLast, [&] { return !running_; });
}

void MetricExporter::Core::run() {
  std::unique_lock lock(mutex_);
  for (bool last = false; !last;) {
    wake_.wait_for(lock, settings_.interval, [&] { return ending_; });
    last = ending_;
    const std::string body =
        metrics_request(settings_, functions_, instance_, began_, system_clock().wall());
    lock.unlock();
    const Status sent =
        post(settings_, body, last ? std::min(kLast, settings_.timeout) : settings_.timeout);
    if (!sent.ok()) complain(sent.error());
    lock.lock();
  }
  running_ = false;
  wake_.notify_all();
}

void MetricExporter::Core::complain(const Error& error) {
  if (std::exchange(warned_, true)) return;
  fmt::print(stderr, "{}: metrics are lost, and serving goes on: {}\n", program_, error.text());
}

MetricExporter::MetricExporter(MetricSettings settings, std::string program)
    : core_(std::make_shared<Core>(std::move(settings), std::move(program))) {}

MetricExporter::~MetricExporter() { core_->end(); }

void MetricExporter::record(const host::Recorded& recorded) {
  core_->add(core_, host::name_of(recorded.function), recorded.outcome);
}

}  // namespace ferry::telemetry
