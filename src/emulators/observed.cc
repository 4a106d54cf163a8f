#include "emulators/observed.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "event/event.h"
#include "event/http.h"
#include "host/network_access.h"
#include "host/outcome_json.h"
#include "http/head.h"
#include "http/message.h"

namespace ferry::platforms {
namespace {

namespace json = boost::json;

// What the front, the connection and ferry set, and no function.
constexpr std::array<std::string_view, 7> kNotTheFunctions = {
    "connection", "content-length",    "content-type",    "date",
    "keep-alive", "transfer-encoding", "ferry-invocation"};

void add_header(std::string name, const std::string& value, Observed& into) {
  for (char& c : name) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  if (std::ranges::find(kNotTheFunctions, name) != kNotTheFunctions.end() ||
      !http::is_token(name) || !http::is_field_value(value)) {
    return;
  }
  std::string& whole = into.headers[name];
  whole += (whole.empty() ? "" : ", ") + value;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? json::value_to<std::string>(*value)
                                                : std::string();
}

constexpr char kCut[] = "the log was cut at its limit ([limits] log)";

std::string note_of(std::string_view status, std::string_view error) {
  return fmt::format("{}: {}", status, error);
}

bool same_json(const std::string& a, const std::string& b) {
  boost::system::error_code failed_a;
  boost::system::error_code failed_b;
  const json::value left = json::parse(a, failed_a);
  const json::value right = json::parse(b, failed_b);
  return !failed_a && !failed_b && left == right;
}

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

using Pairs = std::map<std::string, std::string, std::less<>>;

std::optional<Difference> pairs_differ(const char* what, const Pairs& expected, const Pairs& got) {
  const auto side = [](const Pairs& pairs, const std::string& name) {
    const auto found = pairs.find(name);
    return found == pairs.end() ? std::string("(absent)") : found->second;
  };
  Pairs all = expected;
  all.insert(got.begin(), got.end());
  for (const auto& [name, value] : all) {
    if (side(expected, name) != side(got, name)) {
      return Difference{fmt::format("{} {}", what, name), side(expected, name), side(got, name)};
    }
  }
  return std::nullopt;
}

}  // namespace

bool read_problem(std::string_view body, Observed& into) {
  boost::system::error_code failed;
  const json::value problem = json::parse(json::string_view(body.data(), body.size()), failed);
  if (failed || !problem.is_object()) {
    return false;
  }
  const json::object& members = problem.as_object();
  const std::string outcome = text_of(members, "outcome");
  if (outcome.empty() || text_of(members, "type") != "urn:ferry:outcome:" + outcome) {
    return false;
  }
  into.status = outcome;
  into.error = text_of(members, "detail");
  return true;
}

namespace {

// A record of the host's, wherever it is in the log.
bool is_connection(std::string_view line) { return line.starts_with(host::kConnectionLine); }

}  // namespace

void take_event(event::Event event, Observed& into) {
  into.attributes = {{"id", event.id}, {"source", event.source}, {"type", event.type}};
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) {
      into.attributes[name] = *value;
    }
  };
  add("subject", event.subject);
  add("time", event.time);
  add("dataschema", event.dataschema);
  for (const auto& [name, value] : event.extensions) {
    into.attributes[name] = event::to_string(value);
  }
  into.content_type = event.datacontenttype.value_or("");
  into.body = std::move(event.data).value_or("");
}

Observed observed_of(const host::Outcome& outcome) {
  Observed out;
  out.status = host::status_row(outcome.status).name;
  out.http = host::http_status(outcome);
  auto& logs = out.logs.emplace();
  for (const host::LogLine& line : outcome.logs) {
    (is_connection(line.text) ? out.notes : logs).push_back(line.text);
  }
  if (outcome.log_truncated) {
    out.notes.emplace_back(kCut);
  }
  if (outcome.status != host::Status::kOk) {
    out.error = outcome.message;
    out.notes.push_back(note_of(out.status, out.error));
    return out;
  }
  if (outcome.reply.event) {
    event::Event event = *outcome.reply.event;
    if (!event.data && !outcome.reply.data.empty()) {
      event.data = outcome.reply.data;
    }
    take_event(std::move(event), out);
    return out;
  }
  out.content_type = outcome.reply.content_type;
  out.body = outcome.reply.data;
  if (outcome.reply.http) {
    out.own_http = true;
    for (const auto& [name, value] : outcome.reply.http->headers) {
      if (http::equals_nocase(name, "content-type")) {
        out.content_type = value;
      }
      add_header(name, value, out);
    }
  }
  return out;
}

Result<Observed> observed_of(const Answer& answer) {
  Observed out;
  out.http = answer.status;
  const std::string_view type = answer.field("content-type");
  if (type == host::kProblemType && read_problem(answer.body, out)) {
    return out;
  }
  out.status = host::status_row(host::Status::kOk).name;
  std::vector<event::HeaderView> headers(answer.fields.begin(), answer.fields.end());
  FERRY_TRY(auto received, event::from_http_message(headers, answer.body));
  if (received && received->mode != event::Mode::kBatch) {
    take_event(std::move(received->event), out);
    return out;
  }
  out.content_type = type;
  out.body = answer.body;
  for (const auto& [name, value] : answer.fields) {
    add_header(name, value, out);
  }
  return out;
}

void take_log(std::vector<std::string> lines, Observed& into) {
  into.notes.clear();
  const bool failed = into.status != host::status_row(host::Status::kOk).name;
  if (failed && !lines.empty() && lines.back() == note_of(into.status, into.error)) {
    into.notes.push_back(std::move(lines.back()));
    lines.pop_back();
  }
  if (!lines.empty() && lines.back() == kCut) {
    into.notes.insert(into.notes.begin(), std::move(lines.back()));
    lines.pop_back();
  }
  const auto notes = std::stable_partition(lines.begin(), lines.end(),
                                           [](const auto& line) { return !is_connection(line); });
  into.notes.insert(into.notes.begin(), notes, lines.end());
  lines.erase(notes, lines.end());
  into.logs = std::move(lines);
}

std::optional<Difference> first_difference(const Observed& expected, const Observed& got) {
  if (expected.status != got.status) {
    return Difference{"status", note_of(expected.status, expected.error),
                      note_of(got.status, got.error)};
  }
  if (expected.error != got.error) {
    return Difference{"error", expected.error, got.error};
  }
  if (expected.http && got.http && *expected.http != *got.http) {
    return Difference{"HTTP status", std::to_string(*expected.http), std::to_string(*got.http)};
  }
  if (expected.content_type != got.content_type) {
    return Difference{"content type", expected.content_type, got.content_type};
  }
  const bool rewritten = expected.json_rewritten || got.json_rewritten;
  if (expected.body != got.body &&
      !(rewritten && event::is_json_type(got.content_type) && same_json(expected.body, got.body))) {
    return Difference{"reply", expected.body, got.body};
  }
  if (auto differ = pairs_differ("attribute", expected.attributes, got.attributes)) {
    return differ;
  }
  if (auto differ = pairs_differ("header", expected.headers, got.headers)) {
    return differ;
  }
  if (expected.logs && got.logs) {
    if (*expected.logs != *got.logs) {
      return Difference{"log", joined(*expected.logs), joined(*got.logs)};
    }
    if (expected.notes != got.notes) {
      return Difference{"ferry's own log lines", joined(expected.notes), joined(got.notes)};
    }
  }
  return std::nullopt;
}

}  // namespace ferry::platforms
