#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "capsule/line.h"
#include "event/json.h"
#include "event/json_text.h"

namespace ferry::capsule {
namespace {

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_readable(std::string& out, std::string_view text) {
  if (is_utf8(text)) return event::append_json_string(out, text);
  event::append_json_string(out, readable(text));
}

// Builds one object, member by member.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  // Members of one that is begun and ended elsewhere.
  struct Members {};
  Object(std::string& out, Members /*alone*/) : out_(out) {}
  void end() { out_ += '}'; }

  // What follows is its value.
  void name(std::string_view name) {
    out_.append(first_ ? "\"" : ",\"", first_ ? 1 : 2);
    first_ = false;
    out_ += name;
    out_.append("\":", 2);
  }
  void raw(std::string_view member, std::string_view json) {
    name(member);
    out_ += json;
  }
  void text(std::string_view member, std::string_view value) {
    name(member);
    append_readable(out_, value);
  }
  // Left out when empty.
  void text_if(std::string_view member, std::string_view value) {
    if (!value.empty()) text(member, value);
  }
  void number(std::string_view member, std::int64_t value) {
    name(member);
    append_number(out_, value);
  }
  // "data" where it is text, else "data_base64".
  void data(std::string_view bytes) {
    if (is_utf8(bytes)) {
      name("data");
      event::append_json_string(out_, bytes);
    } else {
      name("data_base64");
      out_ += '"' + to_base64(as_bytes(bytes)) + '"';
    }
  }
  void texts(std::string_view member, const std::vector<std::string>& values) {
    list(member, values, [&](const std::string& value) { append_readable(out_, value); });
  }
  void pairs(std::string_view member, const Pairs& values) {
    list(member, values, [&](const auto& value) {
      out_ += '[';
      append_readable(out_, value.first);
      out_ += ',';
      append_readable(out_, value.second);
      out_ += ']';
    });
  }
  void numbers(std::string_view member, const std::vector<std::int64_t>& values) {
    list(member, values, [&](std::int64_t value) { append_number(out_, value); });
  }
  // Left out when empty.
  void list(std::string_view member, const auto& values, const auto& append) {
    if (values.empty()) return;
    name(member);
    char before = '[';
    for (const auto& value : values) {
      out_ += before;
      before = ',';
      append(value);
    }
    out_ += ']';
  }
  std::string& out() { return out_; }

 private:
  std::string& out_;
  bool first_ = true;
};

// With one digit behind the point.
void put_tenths(Object& object, std::string_view member, double value) {
  const auto tenths = static_cast<std::int64_t>(std::llround(value * 10));
  object.number(member, tenths / 10);
  object.out() += '.';
  object.out() += static_cast<char>('0' + tenths % 10);
}

void put_draws(Object& whole, const host::Draws& draws, std::optional<std::int64_t> deadline) {
  if (draws.empty() && !deadline) return;
  whole.name("draws");
  Object object(whole.out());
  object.numbers("wall_ns", draws.wall);
  object.numbers("monotonic_ns", draws.monotonic);
  if (!draws.random.empty()) {
    object.raw("random", '"' + to_base64(as_bytes(draws.random)) + '"');
  }
  if (deadline) object.number("deadline_ns", *deadline);
  if (draws.cut) object.raw("cut", "true");
  object.end();
}

void put_reply(Object& result, const Seen& seen) {
  result.name("reply");
  Object reply(result.out());
  reply.text_if("content_type", seen.content_type);
  if (!seen.data.empty()) reply.data(seen.data);
  if (!seen.reply_event.empty()) reply.raw("event", seen.reply_event);
  if (seen.http) {
    reply.name("http");
    Object http(reply.out());
    http.number("status", seen.http->status);
    http.pairs("headers", seen.http->headers);
    http.end();
  }
  reply.end();
}

void put_usage(Object& result, const host::Usage& usage) {
  result.name("usage");
  Object object(result.out());
  put_tenths(object, "queue_us", usage.queue_us);
  put_tenths(object, "instantiate_us", usage.instantiate_us);
  put_tenths(object, "run_us", usage.run_us);
  put_tenths(object, "teardown_us", usage.teardown_us);
  object.number("memory_bytes", static_cast<std::int64_t>(usage.memory_bytes));
  if (usage.instructions) {
    object.number("instructions", static_cast<std::int64_t>(*usage.instructions));
  } else {
    object.raw("instructions", "null");
  }
  object.end();
}

void put_result(Object& whole, const Seen& seen) {
  whole.name("outcome");
  Object result(whole.out());
  result.text("status", seen.status);
  if (seen.exit_code != 0) result.number("exit_code", seen.exit_code);
  result.text_if("message", seen.message);
  result.text_if("hint", seen.hint);
  result.text_if("backtrace", seen.backtrace);
  put_reply(result, seen);
  result.list("logs", seen.logs, [&](const host::LogLine& each) {
    Object line(result.out());
    line.text("time", to_rfc3339(each.time));
    line.text("text", each.text);
    line.end();
  });
  if (seen.log_truncated) result.raw("log_truncated", "true");
  put_usage(result, seen.usage);
  result.end();
}

void put_request(Object& whole, const HttpRequest& request) {
  whole.name("request");
  Object object(whole.out());
  object.text("scheme", request.scheme);
  object.text("method", request.method);
  object.text("authority", request.authority);
  object.text("path", request.path);
  object.pairs("headers", request.headers);
  object.end();
}

}  // namespace

std::string origin_members(const Origin& origin) {
  std::string out;
  Object whole(out, Object::Members{});
  whole.name("function");
  Object function(out);
  function.text("name", origin.function);
  function.text("digest", origin.digest);
  function.text("abi", origin.abi);
  function.end();
  whole.name("engine");
  Object engine(out);
  engine.text("name", origin.engine);
  engine.text("version", origin.engine_version);
  engine.end();
  whole.text("manifest", origin.manifest);
  whole.text_if("files", origin.files);
  whole.texts("withheld", origin.withheld);
  return out;
}

std::string readable(std::string_view text) {
  std::string out(text);
  if (is_utf8(text)) return out;
  for (char& c : out) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return out;
}

Result<std::string> to_line(const Capsule& capsule) {
  FERRY_CHECK_OK(event::validate(capsule.event));
  std::string out;
  out.reserve(2048 + capsule.result.data.size() +
              (capsule.event.data ? capsule.event.data->size() : 0));
  Object whole(out);
  whole.number("ferry_capsule", kLineVersion);
  out += ',' + origin_members(capsule);
  whole.text("recorded", capsule.recorded);
  whole.text("invocation", capsule.invocation);
  whole.name("event");
  event::append_attributes(out, capsule.event);
  if (capsule.event.data) whole.data(*capsule.event.data);
  if (capsule.request) put_request(whole, *capsule.request);
  whole.texts("args", capsule.args);
  whole.pairs("variables", capsule.variables);
  whole.texts("redacted", capsule.redacted);
  put_draws(whole, capsule.draws, capsule.deadline);
  whole.texts("drew", capsule.drew);
  whole.texts("outside", capsule.outside);
  whole.text_if("denied", capsule.denied);
  put_result(whole, capsule.result);
  whole.end();
  return out;
}

}  // namespace ferry::capsule
