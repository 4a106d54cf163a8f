#include "telemetry/settings.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace ferry::telemetry {
namespace {

std::string_view value_of(const Environment& env, const std::string& name) {
  const char* value = env(name.c_str());
  return value == nullptr ? "" : value;
}

struct Signal {
  std::string_view variables;  // "TRACES"
  std::string_view path;       // "/v1/traces"
  std::string_view words;      // "traces"
};
constexpr Signal kTraces{"TRACES", "/v1/traces", "traces"};
constexpr Signal kMetrics{"METRICS", "/v1/metrics", "metrics"};

// What is set for the signal, else what is set for all.
std::pair<std::string, std::string_view> otlp(const Environment& env, const Signal& signal,
                                              const char* what) {
  std::string name = fmt::format("OTEL_EXPORTER_OTLP_{}_{}", signal.variables, what);
  if (const auto value = value_of(env, name); !value.empty()) return {name, value};
  name = fmt::format("OTEL_EXPORTER_OTLP_{}", what);
  return {name, value_of(env, name)};
}

Error senseless(const std::string& name, std::string_view value, const char* wants) {
  return {Code::kUsage, fmt::format("{} is '{}', and takes {}", name, value, wants), ""};
}

// "%20" and the like; what is not one stays.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* const digits = text.data() + i + 1;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
        out += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// "a=1,b=2", as in W3C Baggage.
Result<std::vector<std::pair<std::string, std::string>>> pairs_of(const std::string& name,
                                                                  std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty()) {
    std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return senseless(name, one, "NAME=VALUE, with commas between them");
    }
    out.emplace_back(one.substr(0, equals), unescaped(one.substr(equals + 1)));
  }
  return out;
}

Status read_endpoint(const std::string& name, std::string_view url, const Signal& signal,
                     Collector& out) {
  const bool whole = name.find(signal.variables) != std::string::npos;
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with("https://")) {
    return Error{Code::kUnsupported,
                 fmt::format("{} is '{}': {} are not sent over TLS", name, url, signal.words),
                 "send them to a collector on this machine or in this network, which passes them "
                 "on: http://localhost:4318"};
  }
  if (!url.starts_with(kScheme)) return senseless(name, url, "http://HOST:PORT");
  std::string_view rest = url.substr(kScheme.size());
  const std::string_view authority = rest.substr(0, rest.find('/'));
  rest.remove_prefix(authority.size());
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  out.host = authority.substr(0, has_port ? colon : authority.size());
  out.port = has_port ? authority.substr(colon + 1) : "4318";
  const bool digits =
      !out.port.empty() && out.port.find_first_not_of("0123456789") == std::string::npos;
  constexpr std::string_view kNever = " \r\n\t@";
  if (out.host.empty() || !digits || url.find_first_of(kNever) != std::string_view::npos) {
    return senseless(name, url, "http://HOST:PORT");
  }
  while (!whole && rest.ends_with('/')) rest.remove_suffix(1);
  out.path =
      whole ? std::string(rest.empty() ? "/" : rest) : fmt::format("{}{}", rest, signal.path);
  return Done{};
}

Status read_sampler(const Environment& env, Settings& out) {
  std::string_view sampler = value_of(env, "OTEL_TRACES_SAMPLER");
  const std::string_view given = sampler;
  if (sampler.empty()) return Done{};
  constexpr std::string_view kParent = "parentbased_";
  out.by_parent = sampler.starts_with(kParent);
  if (out.by_parent) sampler.remove_prefix(kParent.size());
  if (sampler == "always_on") return Done{};
  if (sampler == "always_off") {
    out.sampling = Sampling::kNever;
    return Done{};
  }
  if (sampler != "traceidratio") {
    return senseless("OTEL_TRACES_SAMPLER", given,
                     "always_on, always_off or traceidratio, with or without parentbased_");
  }
  out.sampling = Sampling::kRatio;
  if (const auto text = value_of(env, "OTEL_TRACES_SAMPLER_ARG"); !text.empty()) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, out.ratio);
    const bool is_share = out.ratio >= 0 && out.ratio <= 1;  // and NaN, which parses, is none
    if (read.ec != std::errc() || read.ptr != end || !is_share) {
      return senseless("OTEL_TRACES_SAMPLER_ARG", text, "a number from 0 to 1");
    }
  }
  return Done{};
}

Status check_headers(const std::string& name, const Collector& settings) {
  for (const auto& [header, value] : settings.headers) {
    if ((header + value).find_first_of("\r\n\0", 0, 3) != std::string::npos) {
      return senseless(name, header, "headers without line breaks");
    }
  }
  return Done{};
}

Status read_milliseconds(const std::string& name, std::string_view text,
                         std::chrono::milliseconds& out) {
  if (text.empty()) return Done{};
  std::int64_t ms = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, ms);
  if (read.ec != std::errc() || read.ptr != end || ms < 1 || ms > 3'600'000) {
    return senseless(name, text, "milliseconds");
  }
  out = std::chrono::milliseconds(ms);
  return Done{};
}

// Whether there is one, and that.
Result<bool> read_collector(const Environment& env, const Signal& signal, Collector& out) {
  const auto [endpoint_name, endpoint] = otlp(env, signal, "ENDPOINT");
  if (endpoint.empty() || value_of(env, "OTEL_SDK_DISABLED") == "true" ||
      value_of(env, fmt::format("OTEL_{}_EXPORTER", signal.variables)) == "none") {
    return false;
  }
  FERRY_CHECK_OK(read_endpoint(endpoint_name, endpoint, signal, out));
  if (const auto [name, protocol] = otlp(env, signal, "PROTOCOL");
      !protocol.empty() && protocol != "http/json") {
    return Error{Code::kUnsupported,
                 fmt::format("{} is '{}': ferry speaks http/json alone", name, protocol),
                 "collectors take it on the same port as http/protobuf"};
  }
  const auto [headers_name, headers] = otlp(env, signal, "HEADERS");
  FERRY_TRY(out.headers, pairs_of(headers_name, headers));
  FERRY_CHECK_OK(check_headers(headers_name, out));
  const auto [timeout_name, timeout] = otlp(env, signal, "TIMEOUT");
  FERRY_CHECK_OK(read_milliseconds(timeout_name, timeout, out.timeout));
  out.service = value_of(env, "OTEL_SERVICE_NAME");
  FERRY_TRY(out.resource,
            pairs_of("OTEL_RESOURCE_ATTRIBUTES", value_of(env, "OTEL_RESOURCE_ATTRIBUTES")));
  return true;
}

}  // namespace

Result<std::optional<Settings>> settings_from(const Environment& env) {
  Settings out;
  FERRY_TRY(const bool there, read_collector(env, kTraces, out));
  if (!there) return std::optional<Settings>();
  FERRY_CHECK_OK(read_sampler(env, out));
  return std::optional(std::move(out));
}

Result<std::optional<MetricSettings>> metric_settings_from(const Environment& env) {
  MetricSettings out;
  FERRY_TRY(const bool there, read_collector(env, kMetrics, out));
  if (!there) return std::optional<MetricSettings>();
  constexpr char kInterval[] = "OTEL_METRIC_EXPORT_INTERVAL";
  FERRY_CHECK_OK(read_milliseconds(kInterval, value_of(env, kInterval), out.interval));
  return std::optional(std::move(out));
}

}  // namespace ferry::telemetry
