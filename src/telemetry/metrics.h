// Metrics for OpenTelemetry collectors: what the events of this process cost, summed up and sent at
// an interval beside serving (OTLP/HTTP, JSON). Names by the semantic conventions for FaaS
// ("FaaS metrics"); what these have no name for begins with "ferry.".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "host/recorder.h"
#include "telemetry/settings.h"

namespace ferry::telemetry {

// Counts by explicit bounds, as OTLP has them: bucket i holds what is at most bound i, the last one
// everything else.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}
  void add(double value);
  std::uint64_t count() const { return count_; }
  // {…}: one data point.
  std::string data_point(std::string_view attributes, std::string_view times) const;

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

// What is known of one function. Single-threaded.
class FunctionMetrics {
 public:
  FunctionMetrics();
  void add(const host::Outcome& outcome);
  // The list of metrics, from `began` to `now`.
  std::string to_json(WallTime began, WallTime now) const;

 private:
  std::map<host::Status, std::uint64_t> by_status_;
  Histogram duration_;  // seconds
  Histogram memory_;    // bytes
  std::vector<std::pair<const char*, Histogram>> phases_;
};

// The body of a request to a collector.
std::string metrics_request(const MetricSettings& settings,
                            const std::map<std::string, FunctionMetrics>& functions,
                            std::string_view instance, WallTime began, WallTime now);

class MetricExporter final : public host::Recorder {
 public:
  // What a program that ends waits for the last request.
  static constexpr std::chrono::milliseconds kLast{1000};

  // `program` begins the one warning about a collector that does not take them.
  MetricExporter(MetricSettings settings, std::string program);
  ~MetricExporter() override;

  Wish wish() override { return Wish::kUsage; }
  void record(const host::Recorded& recorded) override;

 private:
  class Core;  // outlives this where a collector holds its thread up
  std::shared_ptr<Core> core_;
};

}  // namespace ferry::telemetry
