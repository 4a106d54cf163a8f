#include "platforms/lambda/template.h"

#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "event/json_text.h"

namespace ferry::platforms::lambda {
namespace {

// The years 1 to 9999, which is what RFC 3339 can write.
constexpr double kFirstSecond = -62'135'596'800.0;
constexpr double kLastSecond = 253'402'300'799.0;

// "1480641523.477" seconds, or milliseconds by `unit`; a float keeps microseconds, no more.
std::optional<std::string> epoch(std::string_view text, double unit) {
  double value = 0;
  auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  double seconds = value / unit;
  if (seconds < kFirstSecond || seconds > kLastSecond) {
    return std::nullopt;
  }
  // Nanoseconds in 64 bits reach from 1677 to 2262 only.
  if (std::abs(seconds) > 9.2e9) {
    return std::nullopt;
  }
  auto micros = std::chrono::microseconds(std::llround(seconds * 1e6));
  return to_rfc3339(WallTime(micros));
}

std::optional<std::string> strict_time(std::string text) {
  // "+0000", as some services write it, for "+00:00".
  if (text.size() > 5 && (text[text.size() - 5] == '+' || text[text.size() - 5] == '-')) {
    text.insert(text.size() - 2, ":");
  }
  return from_rfc3339(text).ok() ? std::optional(std::move(text)) : std::nullopt;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Runs of anything else become one '-'.
std::string slug(std::string_view text) {
  std::string out;
  for (char c : text) {
    c = lower(c);
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (plain) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != '-') {
      out.push_back('-');
    }
  }
  while (out.ends_with('-')) {
    out.pop_back();
  }
  return out;
}

std::optional<std::string> filtered(JsonView value, std::string_view filter) {
  if (filter == "compact") {
    return value.present() ? std::optional(event::compact_json(value.text())) : std::nullopt;
  }
  auto text = value.scalar();
  if (!text || filter.empty()) {
    return text;
  }
  if (filter == "ms") {
    return epoch(*text, 1e3);
  }
  if (filter == "s") {
    return epoch(*text, 1);
  }
  if (filter == "time") {
    return strict_time(std::move(*text));
  }
  if (filter == "lower") {
    for (char& c : *text) {
      c = lower(c);
    }
    return text;
  }
  if (filter == "dot") {
    return "." + *text;
  }
  if (filter == "slug") {
    return slug(*text);
  }
  if (filter == "base64") {
    auto bytes = from_base64(*text);
    return bytes.ok() && is_utf8(*bytes) ? std::optional(std::move(*bytes)) : std::nullopt;
  }
  return std::nullopt;
}

// The part of an ARN by its place: arn:partition:service:region:account:resource.
std::optional<std::string> arn_part(std::string_view arn, int place) {
  for (; place > 0; --place) {
    std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) {
      return std::nullopt;
    }
    arn.remove_prefix(colon + 1);
  }
  return std::string(arn.substr(0, arn.find(':')));
}

std::optional<std::string> known(std::string_view name, const Scope& scope) {
  if (name == "arn") {
    return scope.invocation.function_arn;
  }
  if (name == "region") {
    return arn_part(scope.invocation.function_arn, 3);
  }
  if (name == "account") {
    return arn_part(scope.invocation.function_arn, 4);
  }
  if (name == "request") {
    return scope.invocation.request_id;
  }
  if (name == "now") {
    return to_rfc3339(scope.invocation.now);
  }
  if (name == "index") {
    return std::to_string(scope.index);
  }
  if (name == "key") {
    return scope.key;
  }
  return std::nullopt;
}

std::optional<std::string> alternative(std::string_view text, const Scope& scope) {
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    return std::string(text.substr(1, text.size() - 2));
  }
  std::optional<std::string> found;
  if (const std::size_t mark = text.find("?'");
      mark != std::string_view::npos && text.ends_with('\'') && mark + 2 < text.size()) {
    const std::string_view path = text.substr(0, mark);
    const JsonView value =
        path.starts_with("$/") ? scope.top.at(path.substr(2)) : scope.place.at(path);
    if (value.present() && !value.is(event::JsonKind::kNull)) {
      found = text.substr(mark + 2, text.size() - mark - 3);
    }
  } else if (text.starts_with('@')) {
    found = known(text.substr(1), scope);
  } else {
    JsonView from = scope.place;
    if (text.starts_with("$/")) {
      from = scope.top;
      text.remove_prefix(2);
    }
    std::size_t colon = text.rfind(':');
    std::string_view filter = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    found = filtered(from.at(text.substr(0, colon)), filter);
  }
  return found && !found->empty() ? found : std::nullopt;
}

std::optional<std::string> expression(std::string_view text, const Scope& scope) {
  for (;;) {
    std::size_t bar = text.find('|');
    if (auto found = alternative(text.substr(0, bar), scope)) {
      return found;
    }
    if (bar == std::string_view::npos) {
      return std::nullopt;
    }
    text.remove_prefix(bar + 1);
  }
}

}  // namespace

std::optional<std::string> expand(std::string_view text, const Scope& scope) {
  std::string out;
  while (!text.empty()) {
    std::size_t open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) {
      break;
    }
    std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      return std::nullopt;
    }
    auto found = expression(text.substr(open + 1, close - open - 1), scope);
    if (!found) {
      return std::nullopt;
    }
    out += *found;
    text.remove_prefix(close + 1);
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace ferry::platforms::lambda
