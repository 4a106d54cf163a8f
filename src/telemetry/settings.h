// What the environment says about traces and metrics, by the names of the OpenTelemetry
// specification ("General SDK Configuration", "OTLP Exporter Configuration"). Nothing is exported
// unless an endpoint is set.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ferry::telemetry {

// Where to, and what is said of the sender.
struct Collector {
  std::string host;  // an address or a name
  std::string port;
  std::string path;  // "/v1/traces"
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{10'000};
  std::string service;                                        // empty: the function's name
  std::vector<std::pair<std::string, std::string>> resource;  // further attributes

  std::string authority() const { return host + ":" + port; }
};

enum class Sampling : unsigned char { kAlways, kNever, kRatio };

// Of traces.
struct Settings : Collector {
  Sampling sampling = Sampling::kAlways;
  double ratio = 1;
  bool by_parent = true;  // an event that comes with a trace is sampled as its sender decided
};

struct MetricSettings : Collector {
  std::chrono::milliseconds interval{60'000};
};

using Environment = std::function<const char*(const char* name)>;

// Nothing where no endpoint is set, or OTEL_SDK_DISABLED is true, or OTEL_TRACES_EXPORTER is none.
// Read: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, their _HEADERS and
// _TIMEOUT and _PROTOCOL, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and its
// _ARG. kUsage names a variable that makes no sense; kUnsupported one that asks for what is not
// offered (TLS, protobuf).
Result<std::optional<Settings>> settings_from(const Environment& env);
// The same of metrics: …_METRICS_ENDPOINT and so on, OTEL_METRICS_EXPORTER, and
// OTEL_METRIC_EXPORT_INTERVAL.
Result<std::optional<MetricSettings>> metric_settings_from(const Environment& env);

}  // namespace ferry::telemetry
