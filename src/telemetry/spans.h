// One event as spans of a trace, in OTLP's JSON (opentelemetry-proto 1.x, "JSON Protobuf
// Encoding"): one for the invocation, and one below it for each phase that took time. Attributes by
// the semantic conventions for FaaS and CloudEvents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "host/recorder.h"
#include "telemetry/settings.h"

namespace ferry::telemetry {

// W3C Trace Context, 3.2 ("traceparent").
struct Parent {
  std::string trace;  // 32 lower-case hexadecimal digits
  std::string span;   // 16
  bool sampled = false;
};
std::optional<Parent> parse_traceparent(std::string_view text);

// Whether an event that belongs to `trace` is exported. `parent` may be null. The same for all
// programs of a trace: the ratio is taken from the trace's id.
bool is_sampled(const Settings& settings, const std::string& trace, const Parent* parent);

// The spans, as a list without its brackets; nothing for an event that is not sampled.
std::optional<std::string> spans_of(const Settings& settings, const host::Recorded& recorded,
                                    WallTime ended, Random& random);

// The body of a request to a collector, around such lists.
std::string request_of(const Settings& settings, std::string_view service, std::string_view spans);

}  // namespace ferry::telemetry
