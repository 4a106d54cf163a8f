// What the environment says about traces, by the names of the OpenTelemetry specification ("General
// SDK Configuration", "OTLP Exporter Configuration"). Nothing is exported unless an endpoint is
// set.
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

enum class Sampling : unsigned char { kAlways, kNever, kRatio };

struct Settings {
  std::string host;  // of the collector; an address or a name
  std::string port;
  std::string path;  // "/v1/traces"
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{10'000};
  std::string service;                                        // empty: the function's name
  std::vector<std::pair<std::string, std::string>> resource;  // further attributes
  Sampling sampling = Sampling::kAlways;
  double ratio = 1;
  bool by_parent = true;  // an event that comes with a trace is sampled as its sender decided

  std::string authority() const { return host + ":" + port; }
};

using Environment = std::function<const char*(const char* name)>;

// Nothing where no endpoint is set, or OTEL_SDK_DISABLED is true, or OTEL_TRACES_EXPORTER is none.
// Read: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, their _HEADERS and
// _TIMEOUT and _PROTOCOL, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and its
// _ARG. kUsage names a variable that makes no sense; kUnsupported one that asks for what is not
// offered (TLS, protobuf).
Result<std::optional<Settings>> settings_from(const Environment& env);

}  // namespace ferry::telemetry
