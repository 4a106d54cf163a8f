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

// As it is where it is UTF-8, as it mostly is; else with '?' for every byte that is not ASCII.
void append_readable(std::string& out, std::string_view text) {
  if (is_utf8(text)) return event::append_json_string(out, text);
  std::string ascii(text);
  for (char& c : ascii) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  event::append_json_string(out, ascii);
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
  // Pairs of strings or of views.
  void pairs(std::string_view member, const auto& values) {
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

// Of a reply, wherever it stands.
struct ReplyParts {
  std::string_view content_type;
  std::string_view data;
  std::string_view event;          // JSON; empty: none
  int status = 0;                  // of HTTP; 0: none
  const Pairs* headers = nullptr;  // with that status
};

void put_reply(Object& result, const ReplyParts& parts) {
  result.name("reply");
  Object reply(result.out());
  reply.text_if("content_type", parts.content_type);
  if (!parts.data.empty()) reply.data(parts.data);
  if (!parts.event.empty()) reply.raw("event", parts.event);
  if (parts.headers != nullptr) {
    reply.name("http");
    Object http(reply.out());
    http.number("status", parts.status);
    http.pairs("headers", *parts.headers);
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

// `seen`: a Seen, or the Outcome that one is made of.
void put_result(Object& whole, std::string_view status, const auto& seen, const ReplyParts& reply) {
  whole.name("outcome");
  Object result(whole.out());
  result.text("status", status);
  if (seen.exit_code != 0) result.number("exit_code", seen.exit_code);
  result.text_if("message", seen.message);
  result.text_if("hint", seen.hint);
  result.text_if("backtrace", seen.backtrace);
  put_reply(result, reply);
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

// `request`: an HttpRequest, or the PlainHttp that one is made of.
void put_request(Object& whole, const auto& request, std::string_view path) {
  whole.name("request");
  Object object(whole.out());
  object.text("scheme", request.scheme);
  object.text("method", request.method);
  object.text("authority", request.authority);
  object.text("path", path);
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

void append_head(std::string& out, std::string_view origin, std::uint64_t number) {
  Object whole(out);
  whole.number("ferry_capsule", kVersion);
  if (number != 0) whole.number("number", static_cast<std::int64_t>(number));
  out += ',';
  out += origin;
  out += ',';
}

void append_head_like(std::string& out, std::uint64_t number) {
  Object whole(out);
  whole.number("ferry_capsule", kVersion);
  whole.number("like", static_cast<std::int64_t>(number));
  out += ',';
}

Status append_body(std::string& out, const Capsule& capsule) {
  FERRY_CHECK_OK(event::validate(capsule.event));
  Object whole(out, Object::Members{});
  whole.text("recorded", capsule.recorded);
  whole.text("invocation", capsule.invocation);
  whole.name("event");
  event::append_attributes(out, capsule.event);
  if (capsule.event.data) whole.data(*capsule.event.data);
  if (capsule.request) put_request(whole, *capsule.request, capsule.request->path);
  whole.texts("args", capsule.args);
  whole.pairs("variables", capsule.variables);
  whole.texts("redacted", capsule.redacted);
  put_draws(whole, capsule.draws, capsule.deadline);
  whole.texts("drew", capsule.drew);
  whole.texts("outside", capsule.outside);
  whole.text_if("denied", capsule.denied);
  const Seen& seen = capsule.result;
  put_result(whole, seen.status, seen,
             {seen.content_type, seen.data, seen.reply_event, seen.http ? seen.http->status : 0,
              seen.http ? &seen.http->headers : nullptr});
  return Done{};
}

Status append_body(std::string& out, const host::Recorded& recorded) {
  const host::Outcome& outcome = recorded.outcome;
  const host::Witness& witness = recorded.witness;
  const event::Event& event = recorded.event.whole();
  FERRY_CHECK_OK(event::validate(event));
  Object whole(out, Object::Members{});
  whole.text("recorded", to_rfc3339(system_clock().wall()));
  whole.text("invocation", outcome.invocation);
  whole.name("event");
  event::append_attributes(out, event);
  if (event.data) {
    whole.data(*event.data);
  } else if (const auto data = recorded.event.data()) {
    whole.data(*data);
  }
  if (const auto plain = recorded.event.http()) put_request(whole, *plain, plain->path_with_query);
  whole.texts("args", recorded.options.args);
  whole.pairs("variables", recorded.options.env);
  std::optional<std::int64_t> deadline;
  if (witness.deadline) deadline = Nanoseconds(witness.deadline->time_since_epoch()).count();
  put_draws(whole, recorded.draws, deadline);
  whole.texts("drew", drew(witness));
  whole.texts("outside", outside(witness));
  if (witness.denial) whole.text_if("denied", witness.denial->message);
  const host::Reply& reply = outcome.reply;
  const std::string reply_event = reply.event ? reply_event_text(*reply.event) : "";
  put_result(whole, host::status_row(outcome.status).name, outcome,
             {reply.content_type, reply.data, reply_event, reply.http ? reply.http->status : 0,
              reply.http ? &reply.http->headers : nullptr});
  return Done{};
}

Result<std::string> to_line(const Capsule& capsule) {
  std::string out;
  out.reserve(2048 + capsule.result.data.size() +
              (capsule.event.data ? capsule.event.data->size() : 0));
  append_head(out, origin_members(capsule), 0);
  FERRY_CHECK_OK(append_body(out, capsule));
  out += '}';
  return out;
}

}  // namespace ferry::capsule
