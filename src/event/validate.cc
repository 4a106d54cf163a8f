#include <algorithm>
#include <chrono>

#include "event/content_type.h"
#include "event/event.h"
#include "event/json_text.h"
#include "event/rules.h"
#include "event/uri.h"

namespace ferry::event {
namespace {

Status check_text(std::string_view name, std::string_view value, std::string_view section) {
  if (value.empty()) return broken_rule(name, "is missing or empty", section);
  if (const char* reason = why_not_string(value)) return broken_rule(name, reason, kTypeSystem);
  return Done{};
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  std::string_view digits = text.substr(at, 2);
  return is_digits(digits) ? (digits[0] - '0') * 10 + (digits[1] - '0') : -1;
}

bool in_range(int value, int least, int most) { return value >= least && value <= most; }

// RFC 3339, 5.6, of any year, which from_rfc3339() cannot hold (a Go program's zero time is in the
// year 1). Second 60 is a leap second, which is the last of a day in UTC (5.7).
bool is_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't' ||
      text[13] != ':' || text[16] != ':') {
    return false;
  }
  int century = two_digits(text, 0);
  int years = two_digits(text, 2);
  int month = two_digits(text, 5);
  int day = two_digits(text, 8);
  if (century < 0 || years < 0 || month < 0 || day < 0 ||
      !std::chrono::year_month_day(std::chrono::year(century * 100 + years),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day)))
           .ok() ||
      !in_range(two_digits(text, 11), 0, 23) || !in_range(two_digits(text, 14), 0, 59) ||
      !in_range(two_digits(text, 17), 0, 60)) {
    return false;
  }
  constexpr int kDay = 24 * 60;
  const bool leap = two_digits(text, 17) == 60;
  const int minutes = two_digits(text, 11) * 60 + two_digits(text, 14);
  std::string_view rest = text.substr(19);
  if (rest.front() == '.') {
    std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1) return false;
    rest.remove_prefix(end);
  }
  int ahead = 0;
  if (rest != "Z" && rest != "z") {
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' ||
        !in_range(two_digits(rest, 1), 0, 23) || !in_range(two_digits(rest, 4), 0, 59)) {
      return false;
    }
    ahead = (two_digits(rest, 1) * 60 + two_digits(rest, 4)) * (rest[0] == '-' ? -1 : 1);
  }
  return !leap || (minutes - ahead + kDay) % kDay == kDay - 1;
}

Status check_name(std::string_view name) {
  if (name.empty()) return broken_rule(name, "has no name", kNaming);
  bool good = std::all_of(name.begin(), name.end(),
                          [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  if (!good) {
    Error error = broken_rule(name, "has a name of other than a-z and 0-9", kNaming);
    error.hint = "rename the attribute to lower-case letters and digits";
    return error;
  }
  if (name == "data") return broken_rule(name, "has a reserved name", kNaming);
  if (is_core_attribute(name)) {
    return broken_rule(name, "stands among the extensions, and is a core attribute", kNaming);
  }
  return Done{};
}

}  // namespace

std::string to_string(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::to_string(std::get<std::int32_t>(value));
}

Status validate(const Event& event) {
  FERRY_CHECK_OK(check_text("id", event.id, kRequired));
  FERRY_CHECK_OK(check_text("source", event.source, kRequired));
  if (!is_uri_reference(event.source)) {
    return broken_rule("source", "is not a URI-reference of RFC 3986, 4.1", kRequired);
  }
  FERRY_CHECK_OK(check_text("type", event.type, kRequired));
  if (event.subject) FERRY_CHECK_OK(check_text("subject", *event.subject, kOptional));
  if (event.time && !is_rfc3339(*event.time)) {
    return broken_rule("time", "is not an RFC 3339 time, such as 2026-11-22T13:04:05Z", kOptional);
  }
  if (event.datacontenttype) FERRY_CHECK_OK(check_content_type(*event.datacontenttype));
  if (event.dataschema && !is_absolute_uri(*event.dataschema)) {
    return broken_rule("dataschema", "is not an absolute URI of RFC 3986, 4.3 (no fragment)",
                       kOptional);
  }
  for (const auto& [name, value] : event.extensions) {
    FERRY_CHECK_OK(check_name(name));
    if (const auto* text = std::get_if<std::string>(&value)) {
      if (const char* reason = why_not_string(*text)) return broken_rule(name, reason, kTypeSystem);
    }
  }
  return Done{};
}

Status check_data(std::string_view data, std::string_view content_type) {
  if (!is_json_type(content_type)) return Done{};
  Status json = check_json(data);
  if (json.ok()) return json;
  return broken_rule(
      "data",
      "is not of its datacontenttype " + printable(content_type) + ": " + json.error().message,
      "CloudEvents 1.0.2, Event Data");
}

Status validate_data(const Event& event) {
  if (!event.data || !event.datacontenttype) return Done{};
  return check_data(*event.data, *event.datacontenttype);
}

}  // namespace ferry::event
