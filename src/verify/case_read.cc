// Case files as people write them; docs/formats/cases.md.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/bytes.h"
#include "function/manifest.h"
#include "function/toml_reader.h"
#include "host/reply.h"
#include "http/head.h"
#include "verify/case.h"

namespace ferry::verify {
namespace {

using function::toml_integer;
using function::toml_string;
using function::TomlField;
using function::TomlPlace;

constexpr std::size_t kMaxText = 16u << 20;
constexpr std::size_t kMaxCases = 10'000;

// A value that is in the file as text or base64, or in a file beside it.
class Bulk {
 public:
  Bulk(std::string name, const ReadBeside& read_beside)
      : name_(std::move(name)),
        base64_(name_ + "_base64"),
        file_(name_ + "_file"),
        read_beside_(read_beside) {}

  void add_fields(std::vector<TomlField>& fields) {
    fields.push_back({name_, [this](const toml::node& node) -> Status {
                        FERRY_TRY(std::string text, toml_string(node));
                        return set(std::move(text));
                      }});
    fields.push_back({base64_, [this](const toml::node& node) -> Status {
                        FERRY_TRY(const std::string text, toml_string(node));
                        FERRY_TRY(std::string bytes, from_base64(text));
                        return set(std::move(bytes));
                      }});
    fields.push_back(
        {file_, [this](const toml::node& node) -> Status {
           FERRY_TRY(const std::string name, toml_string(node));
           if (name.empty() || name.find("..") != std::string::npos || name.front() == '/') {
             return Error{Code::kInvalid, "is a file beside this one, or below it", ""};
           }
           FERRY_TRY(std::string bytes, read_beside_(name));
           return set(std::move(bytes));
         }});
  }
  std::optional<std::string> take() { return std::move(value_); }

 private:
  Status set(std::string value) {
    if (value_) {
      return Error{Code::kInvalid, fmt::format("{} is given twice", name_), "give it once"};
    }
    value_ = std::move(value);
    return Done{};
  }

  std::string name_;
  std::string base64_;
  std::string file_;
  const ReadBeside& read_beside_;
  std::optional<std::string> value_;
};

template <typename T>
TomlField text_field(const char* key, T& target) {
  return {key, [&target](const toml::node& node) -> Status {
            FERRY_TRY(target, toml_string(node));
            return Done{};
          }};
}

Result<bool> toml_flag(const toml::node& node) {
  const auto* flag = node.as_boolean();
  if (flag == nullptr) return Error{Code::kInvalid, "wants true or false", ""};
  return flag->get();
}

TomlField flag_field(const char* key, bool& target) {
  return {key, [&target](const toml::node& node) -> Status {
            FERRY_TRY(target, toml_flag(node));
            return Done{};
          }};
}

Status read_pairs(const toml::node& node, std::map<std::string, std::string, std::less<>>& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return Error{Code::kInvalid, "wants a table of strings", ""};
  }
  for (const auto& [key, value] : *table) {
    FERRY_TRY(out[std::string(key.str())], toml_string(value));
  }
  return Done{};
}

Status read_extension(std::string_view name, const toml::node& node, event::Event& event) {
  event::Value& value = event.extensions[std::string(name)];
  if (const auto* flag = node.as_boolean()) {
    value = flag->get();
    return Done{};
  }
  if (node.is_integer()) {
    FERRY_TRY(const auto number, toml_integer(node, INT32_MIN, INT32_MAX));
    value = static_cast<std::int32_t>(number);
    return Done{};
  }
  FERRY_TRY(value, toml_string(node));
  return Done{};
}

// Attributes by their CloudEvents names; what is none of the standard ones is an extension.
Status read_event(const toml::node& node, event::Event& event) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return Error{Code::kInvalid, "wants a table of attributes",
                 "as in { type = \"order.placed\" }"};
  }
  for (const auto& [key, value] : *table) {
    const std::string_view name = key.str();
    if (name == "id" || name == "source" || name == "type") {
      FERRY_TRY(std::string text, toml_string(value));
      (name == "id" ? event.id : name == "source" ? event.source : event.type) = std::move(text);
    } else if (name == "subject" || name == "time" || name == "dataschema") {
      FERRY_TRY(std::string text, toml_string(value));
      (name == "subject" ? event.subject
       : name == "time"  ? event.time
                         : event.dataschema) = std::move(text);
    } else if (name == "datacontenttype" || name == "data" || name == "specversion") {
      return Error{Code::kInvalid, fmt::format("'{}' stands beside the event", name),
                   "use content_type and data of the case"};
    } else {
      FERRY_CHECK_OK(read_extension(name, value, event));
    }
  }
  return Done{};
}

Status read_limits(const toml::node& node, const TomlPlace& place, CaseLimits& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return Error{Code::kInvalid, "wants a table", "as in { timeout = \"300ms\" }"};
  }
  const auto size = [](const char* key, std::optional<std::uint64_t>& target) {
    return TomlField{key, [&target](const toml::node& value) -> Status {
                       FERRY_TRY(target, function::toml_size(value, 0, 4ull << 30));
                       return Done{};
                     }};
  };
  const std::vector<TomlField> fields = {{"timeout",
                                          [&](const toml::node& value) -> Status {
                                            FERRY_TRY(const std::string text, toml_string(value));
                                            FERRY_TRY(out.timeout, function::parse_duration(text));
                                            return Done{};
                                          }},
                                         size("memory", out.memory),
                                         size("input", out.input),
                                         size("output", out.output),
                                         size("log", out.log)};
  return read_toml_table(*table, {place.path, "case.limits"}, fields);
}

Status read_log(const toml::node& node, Expected& out) {
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    return Error{Code::kInvalid, "wants a list of lines", ""};
  }
  auto& lines = out.log.emplace();
  for (const toml::node& line : *list) {
    FERRY_TRY(std::string text, toml_string(line));
    lines.push_back(std::move(text));
  }
  return Done{};
}

Status read_expect(const toml::node& node, const TomlPlace& place, const ReadBeside& read_beside,
                   Case& out, std::optional<std::string>& answer) {
  if (const auto* word = node.as_string()) {
    if (word->get() == "same") {
      return Done{};
    }
    return Error{Code::kInvalid, fmt::format("'{}' is neither \"same\" nor a table", word->get()),
                 "say \"same\" when any outcome will do, as long as it is the same everywhere"};
  }
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return Error{Code::kInvalid, "wants \"same\" or a table", ""};
  }
  Expected& expected = out.expected;
  Bulk data("data", read_beside);
  Bulk native("answer", read_beside);
  std::vector<TomlField> fields = {
      text_field("status", expected.status),
      text_field("content_type", expected.content_type),
      text_field("error", expected.error),
      {"http",
       [&](const toml::node& value) -> Status {
         FERRY_TRY(const auto number, toml_integer(value, 100, 599));
         expected.http = static_cast<int>(number);
         return Done{};
       }},
      {"log", [&](const toml::node& value) { return read_log(value, expected); }},
      {"attributes",
       [&](const toml::node& value) { return read_pairs(value, expected.attributes); }},
      {"headers", [&](const toml::node& value) { return read_pairs(value, expected.headers); }}};
  data.add_fields(fields);
  native.add_fields(fields);
  FERRY_CHECK_OK(read_toml_table(*table, {place.path, "case.expect"}, fields));
  expected.body = data.take();
  answer = native.take();
  return Done{};
}

Result<Native> read_native(const toml::node& node, const TomlPlace& place,
                           const ReadBeside& read_beside) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return Error{Code::kInvalid, "wants a table",
                 "as in { platform = \"lambda\", input_file = \"sqs.json\" }"};
  }
  Native out;
  Bulk input("input", read_beside);
  std::vector<TomlField> fields = {text_field("platform", out.platform)};
  input.add_fields(fields);
  FERRY_CHECK_OK(read_toml_table(*table, {place.path, "case.native"}, fields));
  auto bytes = input.take();
  if (out.platform.empty() || !bytes) {
    return Error{Code::kInvalid, "wants a platform and an input", ""};
  }
  out.input = *std::move(bytes);
  return out;
}

// A list of tables, [[case.upstream]] and those in it.
Status each_table(const toml::node& node, const std::function<Status(const toml::table&)>& read) {
  constexpr std::size_t kMost = 1000;
  const toml::array* list = node.as_array();
  if (list == nullptr || list->size() > kMost) {
    return Error{Code::kInvalid, "wants a list of tables, 1,000 at most", ""};
  }
  for (const toml::node& each : *list) {
    const toml::table* table = each.as_table();
    if (table == nullptr) return Error{Code::kInvalid, "wants a list of tables", ""};
    FERRY_CHECK_OK(read(*table));
  }
  return Done{};
}

Result<Step> read_step(const toml::table& table, const TomlPlace& place,
                       const ReadBeside& read_beside) {
  Bulk receive("receive", read_beside);
  Bulk send("send", read_beside);
  std::vector<TomlField> fields;
  receive.add_fields(fields);
  send.add_fields(fields);
  bool tls = false;
  fields.push_back(flag_field("tls", tls));
  FERRY_CHECK_OK(read_toml_table(table, {place.path, "case.upstream.step"}, fields));
  return Step{receive.take().value_or(""), send.take().value_or(""), tls};
}

// What the answer's framing is made of is the upstream's own.
Status read_upstream_headers(const toml::node& node,
                             std::map<std::string, std::string, std::less<>>& out) {
  FERRY_CHECK_OK(read_pairs(node, out));
  for (const auto& [name, value] : out) {
    if (!http::is_token(name) || !http::is_field_value(value)) {
      return Error{Code::kInvalid, fmt::format("'{}' is not a header", name), ""};
    }
    for (const char* own : {"content-length", "content-type", "transfer-encoding", "connection"}) {
      if (http::equals_nocase(name, own)) {
        return Error{Code::kInvalid, fmt::format("'{}' is set by the upstream itself", name), ""};
      }
    }
  }
  return Done{};
}

Result<HttpAnswer> read_http(const toml::table& table, const TomlPlace& place,
                             const ReadBeside& read_beside) {
  HttpAnswer out;
  Bulk body("body", read_beside);
  std::vector<TomlField> fields = {
      text_field("request", out.request),
      text_field("content_type", out.content_type),
      {"headers",
       [&](const toml::node& value) { return read_upstream_headers(value, out.headers); }},
      {"status", [&](const toml::node& value) -> Status {
         FERRY_TRY(const auto number, toml_integer(value, 200, 599));
         out.status = static_cast<int>(number);
         return Done{};
       }}};
  body.add_fields(fields);
  FERRY_CHECK_OK(read_toml_table(table, {place.path, "case.upstream.http"}, fields));
  out.body = body.take().value_or("");
  return out;
}

Result<Upstream> read_upstream(const toml::table& table, const TomlPlace& place,
                               const ReadBeside& read_beside) {
  Upstream out;
  std::optional<bool> tls;
  const std::vector<TomlField> fields = {
      text_field("at", out.at),
      {"tls",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(tls, toml_flag(node));
         return Done{};
       }},
      {"step",
       [&](const toml::node& node) {
         return each_table(node, [&](const toml::table& each) -> Status {
           FERRY_TRY(Step step, read_step(each, place, read_beside));
           out.steps.push_back(std::move(step));
           return Done{};
         });
       }},
      {"http", [&](const toml::node& node) {
         return each_table(node, [&](const toml::table& each) -> Status {
           FERRY_TRY(HttpAnswer answer, read_http(each, place, read_beside));
           out.http.push_back(std::move(answer));
           return Done{};
         });
       }}};
  FERRY_CHECK_OK(read_toml_table(table, {place.path, "case.upstream"}, fields));
  FERRY_TRY(const Place at, place_of(out.at));
  out.tls = tls.value_or(at.port == kHttpsPort);
  if (out.steps.empty() == out.http.empty()) {
    return Error{Code::kInvalid, fmt::format("{} wants either http or step", out.at),
                 "[[case.upstream.http]] for a web service, [[case.upstream.step]] for bytes"};
  }
  return out;
}

Result<Case> read_case(const toml::table& table, std::string_view path,
                       const ReadBeside& read_beside, std::size_t number) {
  const TomlPlace place{path, "case"};
  Case out = make_case(fmt::format("case {}", number), std::nullopt, "");
  Bulk data("data", read_beside);
  std::optional<std::string> answer;
  std::string content_type;
  std::vector<TomlField> fields = {
      text_field("name", out.name),
      text_field("content_type", content_type),
      {"event", [&](const toml::node& node) { return read_event(node, out.event); }},
      {"limits", [&](const toml::node& node) { return read_limits(node, place, out.limits); }},
      {"upstream",
       [&](const toml::node& node) {
         return each_table(node, [&](const toml::table& each) -> Status {
           FERRY_TRY(Upstream upstream, read_upstream(each, place, read_beside));
           out.upstreams.push_back(std::move(upstream));
           return Done{};
         });
       }},
      {"native",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(out.native, read_native(node, place, read_beside));
         return Done{};
       }},
      {"expect",
       [&](const toml::node& node) { return read_expect(node, place, read_beside, out, answer); }}};
  data.add_fields(fields);
  FERRY_CHECK_OK(read_toml_table(table, place, fields));
  const auto line = table.source().begin.line;
  const auto wrong = [&](const char* what) {
    return Error{Code::kInvalid, fmt::format("{}:{}: '{}' {}", path, line, out.name, what), ""};
  };
  out.event.data = data.take();
  if (out.native) {
    if (out.event.data) {
      return wrong("has both data and a native input");
    }
    out.native->answer = std::move(answer);
    return out;
  }
  if (answer) {
    return wrong("expects a native answer and has no native input");
  }
  if (out.event.data && out.event.data->empty()) {
    out.event.data.reset();  // HTTP can't tell the two apart
  }
  if (out.event.data) {
    out.event.datacontenttype =
        content_type.empty() ? host::sniff_content_type(*out.event.data) : content_type;
  }
  if (auto valid = event::validate(out.event); !valid.ok()) {
    return wrong(valid.error().message.c_str());
  }
  if (auto valid = event::validate_data(out.event); !valid.ok()) {
    return wrong(valid.error().message.c_str());
  }
  return out;
}

}  // namespace

Result<std::vector<Case>> parse_cases(std::string_view toml, std::string_view path,
                                      const ReadBeside& read_beside) {
  if (toml.size() > kMaxText) {
    return Error{Code::kLimit, fmt::format("{} is larger than 16 MiB", path),
                 "put large data into files beside it: data_file"};
  }
  const toml::parse_result parsed = toml::parse(toml, path);
  if (!parsed) {
    return Error{Code::kInvalid,
                 fmt::format("{}:{}: {}", path, parsed.error().source().begin.line,
                             parsed.error().description()),
                 ""};
  }
  std::vector<Case> cases;
  const std::vector<TomlField> fields = {
      {"case", [&](const toml::node& node) -> Status {
         const toml::array* list = node.as_array();
         if (list == nullptr || list->size() > kMaxCases) {
           return Error{Code::kInvalid, "wants one [[case]] after the other, 10,000 at most", ""};
         }
         for (const toml::node& each : *list) {
           const toml::table* table = each.as_table();
           if (table == nullptr) {
             return Error{Code::kInvalid, "is not a [[case]]", ""};
           }
           FERRY_TRY(Case one, read_case(*table, path, read_beside, cases.size() + 1));
           cases.push_back(std::move(one));
         }
         return Done{};
       }}};
  FERRY_CHECK_OK(read_toml_table(parsed.table(), {path, ""}, fields));
  return cases;
}

}  // namespace ferry::verify
