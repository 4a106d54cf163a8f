#include "platforms/openwhisk/emulator/observed.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/json.h"
#include "event/json_text.h"
#include "host/network_access.h"
#include "platforms/json_view.h"
#include "platforms/openwhisk/activation_log.h"
#include "platforms/openwhisk/media_types.h"
#include "platforms/openwhisk/message.h"

namespace ferry::platforms::openwhisk {
namespace {

using event::JsonKind;

constexpr char kOk[] = "ok";
constexpr char kJson[] = "application/json";
constexpr char kNoContainer[] = "The action did not return a dictionary or array.";

Error bad(const char* what) {
  return Error{Code::kInvalid, fmt::format("the activation's result: {}", what), ""};
}

Result<std::string> envelope_text(const Members& members, std::string_view name) {
  const std::string_view* value = find(members, name);
  if (value == nullptr || event::kind_of(*value) != JsonKind::kString) {
    return bad("an envelope without its text");
  }
  return event::decode_json_string(*value);
}

bool has_only(const Members& members, std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(members, [&](const auto& member) {
    return std::ranges::find(names, member.first) != names.end();
  });
}

// {"error": …}: a problem of ours, a text of the adapter's, or what a function itself replied.
Result<Observed> observed_error(std::string_view error) {
  Observed out;
  if (read_problem(error, out)) {
    return out;
  }
  out.status = host::status_row(host::Status::kFailed).name;
  out.error = std::string(error);
  if (event::kind_of(error) == JsonKind::kString) {
    FERRY_TRY(out.error, event::decode_json_string(error));
  }
  if (out.error == kNoContainer) {
    out.status = host::status_row(host::Status::kBroken).name;
  }
  return out;
}

// {"datacontenttype", "data" or "data_base64"}: a reply that is not JSON.
Result<Observed> observed_wrapped(const Members& members) {
  Observed out;
  out.status = kOk;
  FERRY_TRY(out.content_type, envelope_text(members, "datacontenttype"));
  if (find(members, "data") != nullptr) {
    FERRY_TRY(out.body, envelope_text(members, "data"));
    return out;
  }
  FERRY_TRY(const std::string text, envelope_text(members, "data_base64"));
  FERRY_TRY(out.body, from_base64(text));
  return out;
}

// A body of write_web's, read as OpenWhisk's controller does.
Result<std::string> web_body(std::string_view value, std::string_view type) {
  if (event::kind_of(value) != JsonKind::kString) {
    return std::string(value);
  }
  FERRY_TRY(std::string text, event::decode_json_string(value));
  return is_binary_type(type) || is_json_family(type) ? from_base64(text) : text;
}

// {"statusCode", "headers", "body"} as the HTTP answer that OpenWhisk makes of it.
Result<Answer> web_answer(const Members& members) {
  Answer answer;
  const std::string_view* status = find(members, "statusCode");
  for (char c : *status) {
    answer.status =
        c >= '0' && c <= '9' && answer.status < 1000 ? answer.status * 10 + (c - '0') : 1000;
  }
  FERRY_TRY(const Members headers, read_members(*find(members, "headers")));
  for (const auto& [name, value] : headers) {
    const JsonView view(value);
    for (const JsonView each : view.is(JsonKind::kArray) ? view.elements() : std::vector{view}) {
      FERRY_TRY(std::string text, event::decode_json_string(each.text()));
      answer.fields.emplace_back(name, std::move(text));
    }
  }
  if (const std::string_view* body = find(members, "body")) {
    FERRY_TRY(answer.body, web_body(*body, answer.field("content-type")));
  }
  return answer;
}

// A function's own HTTP answer.
Result<Observed> observed_web(const Members& members) {
  FERRY_TRY(const Answer answer, web_answer(members));
  return observed_of(answer);
}

Result<Observed> observed_event(std::string_view result) {
  FERRY_TRY(event::Event event, event::from_json(result));
  Observed out;
  out.status = kOk;
  take_event(std::move(event), out);
  return out;
}

// Takes the sentinel off the end. Exactly one a stream: a second would end the next activation's.
Status take_sentinel(std::string_view& stream, const char* name) {
  const std::string_view sentinel(kSentinel);
  if (!stream.ends_with(sentinel)) {
    return Error{Code::kInvalid, fmt::format("{} does not end with the sentinel", name), ""};
  }
  stream.remove_suffix(sentinel.size());
  if (stream.find(sentinel) != std::string_view::npos) {
    return Error{Code::kInvalid, fmt::format("{} has a sentinel within its lines", name), ""};
  }
  return Done{};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.emplace_back(text.substr(0, text[end] == '\n' ? end : end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

// A function's own sentinels have a space after their first letter.
std::string joined_again(std::string line) {
  const std::string mark(kSentinel, sizeof kSentinel - 2);
  const std::string escaped = mark.substr(0, 1) + " " + mark.substr(1);
  for (std::size_t at = line.find(escaped); at != std::string::npos; at = line.find(escaped, at)) {
    line.erase(at + 1, 1);
  }
  return line;
}

}  // namespace

Result<Answer> web_answer_of(std::string_view result) {
  FERRY_TRY(Members members, read_members(result));
  if (const std::string_view* error = find(members, "error");
      error != nullptr && members.size() == 1 && event::kind_of(*error) == JsonKind::kObject) {
    FERRY_TRY(members, read_members(*error));
  }
  if (find(members, "statusCode") == nullptr || find(members, "headers") == nullptr) {
    return bad("no statusCode and headers, which a web action answers with");
  }
  return web_answer(members);
}

Result<Observed> observed_result(std::string_view result) {
  Observed plain;
  plain.status = kOk;
  plain.content_type = kJson;
  plain.body = std::string(result);
  const std::size_t first = result.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return bad("it is empty");
  }
  if (event::kind_of(result.substr(first)) != JsonKind::kObject) {
    FERRY_CHECK_OK(event::check_json(result));
    return plain;
  }
  FERRY_TRY(const Members members, read_members(result));
  const auto is = [&](const char* name) { return find(members, name) != nullptr; };
  if (is("error") && members.size() == 1) {
    return observed_error(*find(members, "error"));
  }
  if (is("specversion") && is("id") && is("source") && is("type")) {
    return observed_event(result);
  }
  if (is("datacontenttype") && members.size() == 2 && (is("data") || is("data_base64"))) {
    return observed_wrapped(members);
  }
  if (is("statusCode") && is("headers") && has_only(members, {"statusCode", "headers", "body"})) {
    return observed_web(members);
  }
  return plain;
}

Result<Observed> observed_run(const Answer& answer) {
  auto observed = observed_result(answer.body);
  if (!observed.ok()) {
    return observed;
  }
  // Any status but 200 makes OpenWhisk destroy the container: only for what is no guest's fault.
  const bool ours = observed->status == host::status_row(host::Status::kBroken).name ||
                    observed->status == host::status_row(host::Status::kRefused).name;
  if ((answer.status == 200) == ours) {
    return Error{Code::kInvalid,
                 fmt::format("/run answered {} with an outcome that is '{}'", answer.status,
                             observed->status),
                 ""};
  }
  return observed;
}

Status take_streams(std::string_view out, std::string_view err, Observed& into) {
  FERRY_CHECK_OK(take_sentinel(out, "stdout"));
  FERRY_CHECK_OK(take_sentinel(err, "stderr"));
  auto& logs = into.logs.emplace();
  std::vector<std::string> connections;  // the host's records, which are notes
  for (std::string& line : lines_of(out)) {
    line = joined_again(std::move(line));
    (line.starts_with(host::kConnectionLine) ? connections : logs).push_back(std::move(line));
  }
  into.notes = std::move(connections);
  constexpr std::string_view kOurs = "ferry: ";
  for (std::string& line : lines_of(err)) {
    if (line.starts_with(kOurs)) {  // the others are the lines of a backtrace
      into.notes.push_back(line.substr(kOurs.size()));
    }
  }
  return Done{};
}

std::string lose(Observed& expected) {
  if (expected.own_http && !is_utf8(expected.body) && !is_binary_type(expected.content_type)) {
    expected.content_type = "application/octet-stream";
    return "OpenWhisk takes text in UTF-8 only: other bytes keep their values and lose their type";
  }
  if (expected.status != kOk || expected.own_http || !expected.attributes.empty()) {
    return {};
  }
  if (expected.body.empty()) {
    expected.body = "{}";
    expected.content_type = kJson;
    return "an activation's result is a JSON object: no reply is {}";
  }
  if (!event::is_json_type(expected.content_type)) {
    return {};
  }
  auto seen = observed_result(expected.body);
  if (!seen.ok()) {
    return {};
  }
  const JsonKind kind =
      event::kind_of(expected.body.substr(expected.body.find_first_not_of(" \t\r\n")));
  if (kind != JsonKind::kObject && kind != JsonKind::kArray) {
    seen->status = host::status_row(host::Status::kBroken).name;
    seen->error = kNoContainer;
    seen->body.clear();
    seen->content_type.clear();
  }
  seen->logs = expected.logs;
  seen->notes = expected.notes;
  const bool lost = first_difference(expected, *seen).has_value();
  if (!lost) {
    return {};
  }
  expected = *std::move(seen);
  return kind == JsonKind::kObject
             ? "an object of this form means something of its own as an activation's result"
             : "OpenWhisk takes JSON objects and arrays only";
}

}  // namespace ferry::platforms::openwhisk
