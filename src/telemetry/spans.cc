#include "telemetry/spans.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/lower_case.h"
#include "event/json_text.h"
#include "telemetry/otlp.h"

namespace ferry::telemetry {
namespace {

constexpr int kInternal = 1;  // SpanKind
constexpr int kServer = 2;
constexpr int kConsumer = 5;
constexpr int kStatusError = 2;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

std::string new_id(std::size_t bytes, Random& random) {
  std::array<std::uint8_t, 16> id{};
  do {
    random.fill(std::span(id).first(bytes));
  } while (is_zero(to_hex(std::span(id).first(bytes))));
  return to_hex(std::span(id).first(bytes));
}

std::string text_of(const event::Event& event, std::string_view extension) {
  const auto found = event.extensions.find(extension);
  return found == event.extensions.end() ? "" : event::to_string(found->second);
}

// Of a plain HTTP request from its header: the event's attributes need not be made for one that is
// not sampled.
std::optional<Parent> parent_of(event::LazyEvent& event) {
  constexpr std::string_view kName = "traceparent";
  const auto plain = event.http();
  if (!plain) return parse_traceparent(text_of(event.whole(), kName));
  std::optional<std::string_view> found;
  for (const auto& [name, value] : plain->headers) {
    if (name.size() != kName.size() || lower_case(name) != kName) continue;
    if (found) return std::nullopt;  // which of them is not said
    found = value;
  }
  return found ? parse_traceparent(*found) : std::nullopt;
}

std::string attributes_of(const host::Recorded& recorded, const event::Event& event) {
  const host::Outcome& outcome = recorded.outcome;
  std::string out = "[";
  const bool http = event.type == "http.request";
  add_text(out, "faas.trigger", http ? "http" : "pubsub");
  add_text(out, "faas.name", host::name_of(recorded.function));
  add_text(out, "faas.version", host::digest_of(recorded.function));
  add_text(out, "faas.invocation_id", outcome.invocation);
  add_text(out, "cloudevents.event_id", event.id);
  add_text(out, "cloudevents.event_source", event.source);
  add_text(out, "cloudevents.event_spec_version", "1.0");
  add_text(out, "cloudevents.event_type", event.type);
  add_text(out, "cloudevents.event_subject", event.subject.value_or(""));
  if (http) {
    add_text(out, "http.request.method", text_of(event, "httpmethod"));
    add_text(out, "url.path", event.subject.value_or(""));
    add_number(out, "http.response.status_code",
               static_cast<std::uint64_t>(host::http_status(outcome)));
  }
  add_text(out, "ferry.outcome", host::status_row(outcome.status).name);
  add_text(out, "ferry.engine", recorded.engine.name);
  add_number(out, "ferry.memory_bytes", outcome.usage.memory_bytes);
  return out + "]";
}

struct Span {
  std::string name, trace, id, parent;
  int kind = kInternal;
  std::int64_t from = 0, to = 0;
};

void add_span(std::string& out, const Span& span, std::string_view attributes,
              std::string_view problem) {
  out += out.empty() ? "{\"traceId\":\"" : ",{\"traceId\":\"";
  out += span.trace + "\",\"spanId\":\"" + span.id + "\"";
  if (!span.parent.empty()) out += ",\"parentSpanId\":\"" + span.parent + "\"";
  out += ",\"name\":";
  event::append_json_string(out, span.name);
  out += fmt::format(R"(,"kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}")", span.kind,
                     span.from, span.to);
  if (!attributes.empty()) {
    out += ",\"attributes\":";
    out += attributes;
  }
  if (!problem.empty()) {
    out += fmt::format(R"(,"status":{{"code":{},"message":)", kStatusError);
    event::append_json_string(out, is_utf8(problem) ? problem : "(not text)");
    out += '}';
  }
  out += '}';
}

}  // namespace

std::optional<Parent> parse_traceparent(std::string_view text) {
  constexpr std::size_t kSize = 55;
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = text.substr(0, 2);
  const std::string_view flags = text.substr(53, 2);
  Parent out{std::string(text.substr(3, 32)), std::string(text.substr(36, 16)), false};
  // A later version may say more behind another '-' (3.2.4).
  const bool ends = text.size() == kSize || (version != "00" && text[kSize] == '-');
  if (!ends || version == "ff" || !is_hex(version) || !is_hex(flags) || !is_hex(out.trace) ||
      !is_hex(out.span) || is_zero(out.trace) || is_zero(out.span)) {
    return std::nullopt;
  }
  out.sampled = std::string_view("13579bdf").find(flags[1]) != std::string_view::npos;
  return out;
}

bool is_sampled(const Settings& settings, const std::string& trace, const Parent* parent) {
  if (settings.by_parent && parent != nullptr) return parent->sampled;
  switch (settings.sampling) {
    case Sampling::kAlways:
      return true;
    case Sampling::kNever:
      return false;
    case Sampling::kRatio:
      break;
  }
  if (settings.ratio >= 1) return true;
  // TraceIdRatioBased: of the last 8 bytes, so that all programs decide alike.
  std::uint64_t low = 0;
  std::from_chars(trace.data() + 16, trace.data() + 32, low, 16);
  constexpr double kAll = 9223372036854775808.0;  // 2^63
  return static_cast<double>(low >> 1) < settings.ratio * kAll;
}

std::optional<std::string> spans_of(const Settings& settings, const host::Recorded& recorded,
                                    WallTime ended, Random& random) {
  const auto parent = parent_of(recorded.event);
  const std::string trace = parent ? parent->trace : new_id(16, random);
  if (!is_sampled(settings, trace, parent ? &*parent : nullptr)) return std::nullopt;
  const event::Event& event = recorded.event.whole();
  const host::Outcome& outcome = recorded.outcome;
  const host::Usage& usage = outcome.usage;
  const std::array<std::pair<const char*, double>, 4> phases{{{"queue", usage.queue_us},
                                                              {"instantiate", usage.instantiate_us},
                                                              {"run", usage.run_us},
                                                              {"teardown", usage.teardown_us}}};
  std::int64_t at = ended.time_since_epoch().count();
  for (const auto& [name, us] : phases) at -= static_cast<std::int64_t>(us * 1000);
  const std::string id = new_id(8, random);
  const std::string& name = host::name_of(recorded.function);
  std::string out;
  add_span(
      out,
      {name, trace, id, parent ? parent->span : "",
       event.type == "http.request" ? kServer : kConsumer, at, ended.time_since_epoch().count()},
      attributes_of(recorded, event),
      outcome.status == host::Status::kOk ? "" : std::string_view(outcome.message));
  for (const auto& [phase, us] : phases) {
    const auto length = static_cast<std::int64_t>(us * 1000);
    if (length > 0) {
      add_span(out, {phase, trace, new_id(8, random), id, kInternal, at, at + length}, "", "");
    }
    at += length;
  }
  return out;
}

std::string request_of(const Settings& settings, std::string_view service, std::string_view spans) {
  return fmt::format(R"({{"resourceSpans":[{{{},"scopeSpans":[{{{},"spans":[{}]}}]}}]}})",
                     resource_of(settings, service, ""), scope(), spans);
}

}  // namespace ferry::telemetry
