#include <algorithm>
#include <limits>
#include <map>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "capsule/capsule.h"
#include "capsule/entry.h"
#include "capsule/line.h"
#include "event/json.h"

namespace ferry::capsule {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostItems = 100'000;  // of any list in it

Error wrong(std::string_view name, std::string_view what) {
  return {Code::kInvalid, fmt::format("not a capsule: '{}' {}", name, what), ""};
}

// Reads members of one object; the first error stays and wins.
class Reader {
 public:
  Reader(const json::object& object, std::string_view path) : object_(object), path_(path) {}

  const json::value* find(std::string_view name) const { return object_.if_contains(name); }

  std::string text(std::string_view name, bool required = false) {
    const json::value* value = find(name);
    if (value == nullptr) {
      if (required) fail(name, "is missing");
      return {};
    }
    if (!value->is_string()) {
      fail(name, "is not a string");
      return {};
    }
    return std::string(value->get_string());
  }
  std::optional<std::int64_t> number(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_int64()) return value->get_int64();
    fail(name, "is not a whole number");
    return std::nullopt;
  }
  bool flag(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return false;
    if (!value->is_bool()) fail(name, "is neither true nor false");
    return value->is_bool() && value->get_bool();
  }
  // Null where it is not there.
  const json::array* list(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return nullptr;
    if (!value->is_array() || value->get_array().size() > kMostItems) {
      fail(name, "is not a list of bearable length");
      return nullptr;
    }
    return &value->get_array();
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const json::array* values = list(name);
    for (std::size_t i = 0; values != nullptr && i < values->size(); ++i) {
      const json::value& each = (*values)[i];
      if (!each.is_string()) {
        fail(name, "holds something that is not a string");
        break;
      }
      out.emplace_back(each.get_string());
    }
    return out;
  }
  Pairs pairs(std::string_view name) {
    Pairs out;
    const json::array* values = list(name);
    for (std::size_t i = 0; values != nullptr && i < values->size(); ++i) {
      const json::value& each = (*values)[i];
      if (!each.is_array() || each.get_array().size() != 2 || !each.get_array()[0].is_string() ||
          !each.get_array()[1].is_string()) {
        fail(name, "holds something that is not a pair of strings");
        break;
      }
      out.emplace_back(each.get_array()[0].get_string(), each.get_array()[1].get_string());
    }
    return out;
  }
  std::vector<std::int64_t> numbers(std::string_view name) {
    std::vector<std::int64_t> out;
    const json::array* values = list(name);
    for (std::size_t i = 0; values != nullptr && i < values->size(); ++i) {
      const json::value& each = (*values)[i];
      if (!each.is_int64()) {
        fail(name, "holds something that is not a whole number");
        break;
      }
      out.push_back(each.get_int64());
    }
    return out;
  }
  // "data" or "data_base64"; nothing where neither is there.
  std::optional<std::string> data() {
    if (find("data") != nullptr) return text("data");
    if (find("data_base64") == nullptr) return std::nullopt;
    return bytes("data_base64");
  }
  std::string bytes(std::string_view name) {
    auto decoded = from_base64(text(name));
    if (!decoded.ok()) {
      fail(name, "is not base64");
      return {};
    }
    return *std::move(decoded);
  }
  // Null where it is not there.
  const json::object* object(std::string_view name, bool required = false) {
    const json::value* value = find(name);
    if (value == nullptr) {
      if (required) fail(name, "is missing");
      return nullptr;
    }
    if (!value->is_object()) fail(name, "is not an object");
    return value->if_object();
  }

  void fail(std::string_view name, std::string_view what) {
    if (failed_.ok())
      failed_ = wrong(path_.empty() ? std::string(name) : path_ + "." + std::string(name), what);
  }
  const Status& status() const { return failed_; }

 private:
  const json::object& object_;
  std::string path_;
  Status failed_ = Done{};
};

Status read_draws(const json::object& object, Capsule& out) {
  Reader reader(object, "draws");
  out.draws.wall = reader.numbers("wall_ns");
  out.draws.monotonic = reader.numbers("monotonic_ns");
  if (reader.find("random") != nullptr) out.draws.random = reader.bytes("random");
  out.draws.cut = reader.flag("cut");
  out.deadline = reader.number("deadline_ns");
  return reader.status();
}

Status read_request(const json::object& object, Capsule& out) {
  Reader reader(object, "request");
  out.request =
      HttpRequest{reader.text("scheme"), reader.text("method", true), reader.text("authority"),
                  reader.text("path", true), reader.pairs("headers")};
  return reader.status();
}

Status read_reply(const json::object& object, Seen& out) {
  Reader reader(object, "outcome.reply");
  out.content_type = reader.text("content_type");
  out.data = reader.data().value_or("");
  if (const json::object* event = reader.object("event")) {
    out.reply_event = json::serialize(*event);
  }
  if (const json::object* http = reader.object("http")) {
    Reader answer(*http, "outcome.reply.http");
    const std::int64_t status = answer.number("status").value_or(0);
    if (status < 100 || status > 999) answer.fail("status", "is not an HTTP status");
    out.http = HttpAnswer{static_cast<int>(status), answer.pairs("headers")};
    FERRY_CHECK_OK(answer.status());
  }
  return reader.status();
}

double microseconds(const json::object& usage, std::string_view name) {
  const json::value* value = usage.if_contains(name);
  constexpr double kMost = static_cast<double>(kMostTenths) / 10;
  return value != nullptr && value->is_double() ? std::clamp(value->get_double(), 0.0, kMost) : 0;
}

Status read_logs(Reader& reader, Seen& out) {
  const json::array* lines = reader.list("logs");
  for (std::size_t i = 0; lines != nullptr && i < lines->size(); ++i) {
    if (!(*lines)[i].is_object())
      return wrong("outcome.logs", "holds something that is not a line");
    Reader line((*lines)[i].get_object(), "outcome.logs");
    auto time = from_rfc3339(line.text("time", true));
    if (!time.ok()) line.fail("time", "is not a time");
    out.logs.push_back({time.ok() ? *time : WallTime{}, line.text("text", true)});
    FERRY_CHECK_OK(line.status());
  }
  return Done{};
}

Status read_result(const json::object& object, Seen& out) {
  Reader reader(object, "outcome");
  out.status = reader.text("status", true);
  const std::int64_t code = reader.number("exit_code").value_or(0);
  if (code < std::numeric_limits<int>::min() || code > std::numeric_limits<int>::max()) {
    reader.fail("exit_code", "is out of range");
  } else {
    out.exit_code = static_cast<int>(code);
  }
  out.message = reader.text("message");
  out.hint = reader.text("hint");
  out.backtrace = reader.text("backtrace");
  out.log_truncated = reader.flag("log_truncated");
  if (const json::object* reply = reader.object("reply")) FERRY_CHECK_OK(read_reply(*reply, out));
  FERRY_CHECK_OK(read_logs(reader, out));
  if (const json::object* usage = reader.object("usage")) {
    out.usage.queue_us = microseconds(*usage, "queue_us");
    out.usage.instantiate_us = microseconds(*usage, "instantiate_us");
    out.usage.run_us = microseconds(*usage, "run_us");
    out.usage.teardown_us = microseconds(*usage, "teardown_us");
    Reader numbers(*usage, "outcome.usage");
    const std::int64_t memory = numbers.number("memory_bytes").value_or(0);
    out.usage.memory_bytes = memory < 0 ? 0 : static_cast<std::uint64_t>(memory);
    if (const auto count = numbers.number("instructions"); count && *count >= 0) {
      out.usage.instructions = static_cast<std::uint64_t>(*count);
    }
    FERRY_CHECK_OK(numbers.status());
  }
  return reader.status();
}

// The origins that lines of one file have given a number.
using Numbered = std::map<std::int64_t, Origin>;

Status read_origin(Reader& reader, Origin& out) {
  if (const json::object* object = reader.object("function", true)) {
    Reader function(*object, "function");
    out.function = function.text("name", true);
    out.digest = function.text("digest", true);
    out.abi = function.text("abi");
    FERRY_CHECK_OK(function.status());
  }
  if (const json::object* object = reader.object("engine", true)) {
    Reader engine(*object, "engine");
    out.engine = engine.text("name", true);
    out.engine_version = engine.text("version");
    FERRY_CHECK_OK(engine.status());
  }
  out.manifest = reader.text("manifest", true);
  out.files = reader.text("files");
  out.withheld = reader.texts("withheld");
  return Done{};
}

// Its own, or that of the line before it which it names.
Status find_origin(Reader& reader, Numbered& numbered, Origin& out) {
  const auto like = reader.number("like");
  if (!like) {
    FERRY_CHECK_OK(read_origin(reader, out));
    const auto number = reader.number("number");
    if (number && reader.status().ok()) numbered.insert_or_assign(*number, out);
    return Done{};
  }
  const auto found = numbered.find(*like);
  if (found == numbered.end()) {
    return Error{Code::kInvalid,
                 fmt::format("not a capsule by itself: it is like number {}, and no line before it "
                             "has that number",
                             *like),
                 "take the whole file, and one event of it by --invocation"};
  }
  out = found->second;
  return Done{};
}

Result<Capsule> parse(std::string_view line, Numbered& numbered) {
  if (line.size() > kMostLine) {
    return Error{Code::kLimit, fmt::format("a capsule has at most {} bytes", kMostLine), ""};
  }
  json::error_code failed;
  const json::value whole = json::parse(line, failed);
  if (failed || !whole.is_object()) {
    return Error{Code::kInvalid, "not a capsule: it is not one JSON object",
                 "a capsule is written by --record"};
  }
  Reader reader(whole.get_object(), "");
  const auto version = reader.number("ferry_capsule");
  if (!version) return wrong("ferry_capsule", "is missing, which is the format's version");
  if (*version < 1 || *version > kLineVersion) {
    return Error{Code::kUnsupported,
                 fmt::format("a capsule of version {}; this ferry reads lines of versions 1 to {}",
                             *version, kLineVersion),
                 "use the ferry that recorded it, or a newer one"};
  }
  Capsule out;
  out.recorded = reader.text("recorded", true);
  out.invocation = reader.text("invocation", true);
  FERRY_CHECK_OK(find_origin(reader, numbered, out));
  if (const json::object* object = reader.object("event", true)) {
    auto event = event::from_json(json::serialize(*object));
    if (!event.ok()) return with_context(std::move(event).error(), "not a capsule: its event");
    out.event = *std::move(event);
  }
  out.event.data = reader.data();
  if (const json::object* object = reader.object("request")) {
    FERRY_CHECK_OK(read_request(*object, out));
  }
  out.args = reader.texts("args");
  out.variables = reader.pairs("variables");
  out.redacted = reader.texts("redacted");
  if (const json::object* object = reader.object("draws")) FERRY_CHECK_OK(read_draws(*object, out));
  out.drew = reader.texts("drew");
  out.outside = reader.texts("outside");
  out.denied = reader.text("denied");
  if (const json::object* object = reader.object("outcome", true)) {
    FERRY_CHECK_OK(read_result(*object, out.result));
  }
  FERRY_CHECK_OK(reader.status());
  return out;
}

}  // namespace

Result<Origin> parse_origin(std::string_view text) {
  json::error_code failed;
  const json::value whole = json::parse(text, failed);
  if (failed || !whole.is_object()) {
    return Error{Code::kInvalid, "not a capsule: its origin is not one JSON object", ""};
  }
  Reader reader(whole.get_object(), "");
  Origin out;
  FERRY_CHECK_OK(read_origin(reader, out));
  FERRY_CHECK_OK(reader.status());
  return out;
}

Result<Capsule> parse_capsule(std::string_view line) {
  Numbered numbered;
  return parse(line, numbered);
}

Result<std::vector<Capsule>> parse_capsules(std::string_view text, std::string_view name,
                                            bool* cut) {
  if (text.starts_with(kFileHeadBegin)) {
    auto entries = parse_entries(text, cut);
    return entries.ok() ? std::move(entries) : with_context(std::move(entries).error(), name);
  }
  std::vector<Capsule> out;
  Numbered numbered;
  *cut = !text.empty() && !text.ends_with('\n');
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (one.empty()) continue;
    auto capsule = parse(one, numbered);
    if (!capsule.ok()) {
      const bool half = end == std::string_view::npos && !out.empty();
      if (half) break;
      return with_context(std::move(capsule).error(), fmt::format("{}:{}", name, line));
    }
    if (end == std::string_view::npos) *cut = false;  // complete even so
    out.push_back(*std::move(capsule));
  }
  return out;
}

}  // namespace ferry::capsule
