#include <fmt/format.h>

#include "base/bytes.h"
#include "capsule/capsule.h"
#include "event/json.h"
#include "event/json_text.h"

namespace ferry::capsule {
namespace {

// As it is where it is UTF-8, as it mostly is; else with '?' for every byte that is not ASCII.
std::string readable(std::string_view text) {
  std::string out(text);
  if (!is_utf8(text)) {
    for (char& c : out) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  return out;
}

// Builds one object, member by member.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  void end() { out_ += '}'; }

  void raw(std::string_view name, std::string_view json) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    out_ += json;
  }
  void text(std::string_view name, std::string_view value) {
    raw(name, "");
    event::append_json_string(out_, readable(value));
  }
  // Left out when empty.
  void text_if(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  // "data" where it is text, else "data_base64".
  void data(const std::string& bytes) {
    if (is_utf8(bytes)) {
      raw("data", "");
      event::append_json_string(out_, bytes);
    } else {
      raw("data_base64", "");
      out_ += '"' + to_base64(as_bytes(bytes)) + '"';
    }
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    raw(name, "[");
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      event::append_json_string(out_, readable(values[i]));
    }
    out_ += ']';
  }
  void pairs(std::string_view name, const Pairs& values) {
    if (values.empty()) return;
    raw(name, "[");
    for (std::size_t i = 0; i < values.size(); ++i) {
      out_ += i > 0 ? ",[" : "[";
      event::append_json_string(out_, readable(values[i].first));
      out_ += ',';
      event::append_json_string(out_, readable(values[i].second));
      out_ += ']';
    }
    out_ += ']';
  }
  void numbers(std::string_view name, const std::vector<std::int64_t>& values) {
    if (values.empty()) return;
    raw(name, fmt::format("[{}]", fmt::join(values, ",")));
  }
  std::string& out() { return out_; }

 private:
  std::string& out_;
  bool first_ = true;
};

void put_draws(Object& whole, const Capsule& capsule) {
  const host::Draws& draws = capsule.draws;
  if (draws.empty() && !capsule.deadline) return;
  whole.raw("draws", "");
  Object object(whole.out());
  object.numbers("wall_ns", draws.wall);
  object.numbers("monotonic_ns", draws.monotonic);
  if (!draws.random.empty()) {
    object.raw("random", '"' + to_base64(as_bytes(draws.random)) + '"');
  }
  if (capsule.deadline) object.raw("deadline_ns", std::to_string(*capsule.deadline));
  if (draws.cut) object.raw("cut", "true");
  object.end();
}

void put_reply(Object& result, const Seen& seen) {
  result.raw("reply", "");
  Object reply(result.out());
  reply.text_if("content_type", seen.content_type);
  if (!seen.data.empty()) reply.data(seen.data);
  if (!seen.reply_event.empty()) reply.raw("event", seen.reply_event);
  if (seen.http) {
    reply.raw("http", "");
    Object http(reply.out());
    http.raw("status", std::to_string(seen.http->status));
    http.pairs("headers", seen.http->headers);
    http.end();
  }
  reply.end();
}

void put_result(Object& whole, const Seen& seen) {
  whole.raw("outcome", "");
  Object result(whole.out());
  result.text("status", seen.status);
  if (seen.exit_code != 0) result.raw("exit_code", std::to_string(seen.exit_code));
  result.text_if("message", seen.message);
  result.text_if("hint", seen.hint);
  result.text_if("backtrace", seen.backtrace);
  put_reply(result, seen);
  if (!seen.logs.empty()) {
    result.raw("logs", "[");
    for (std::size_t i = 0; i < seen.logs.size(); ++i) {
      if (i > 0) result.out() += ',';
      Object line(result.out());
      line.text("time", to_rfc3339(seen.logs[i].time));
      line.text("text", seen.logs[i].text);
      line.end();
    }
    result.out() += ']';
  }
  if (seen.log_truncated) result.raw("log_truncated", "true");
  const host::Usage& usage = seen.usage;
  result.raw("usage",
             fmt::format(R"({{"queue_us":{:.1f},"instantiate_us":{:.1f},"run_us":{:.1f},)"
                         R"("teardown_us":{:.1f},"memory_bytes":{},"instructions":{}}})",
                         usage.queue_us, usage.instantiate_us, usage.run_us, usage.teardown_us,
                         usage.memory_bytes,
                         usage.instructions ? std::to_string(*usage.instructions) : "null"));
  result.end();
}

}  // namespace

Result<std::string> to_line(const Capsule& capsule) {
  const event::Event& event = capsule.event;
  const event::Event attributes{event.id,         event.source,     event.type,
                                event.subject,    event.time,       event.datacontenttype,
                                event.dataschema, event.extensions, std::nullopt};
  FERRY_TRY(const std::string event_json, event::to_json(attributes));
  std::string out;
  out.reserve(2048 + capsule.result.data.size() +
              (capsule.event.data ? capsule.event.data->size() : 0));
  Object whole(out);
  whole.raw("ferry_capsule", std::to_string(kVersion));
  whole.text("recorded", capsule.recorded);
  whole.text("invocation", capsule.invocation);
  whole.raw("function", "");
  Object function(out);
  function.text("name", capsule.function);
  function.text("digest", capsule.digest);
  function.text("abi", capsule.abi);
  function.end();
  whole.raw("engine", "");
  Object engine(out);
  engine.text("name", capsule.engine);
  engine.text("version", capsule.engine_version);
  engine.end();
  whole.raw("event", event_json);
  if (capsule.event.data) whole.data(*capsule.event.data);
  if (capsule.request) {
    whole.raw("request", "");
    Object request(out);
    request.text("scheme", capsule.request->scheme);
    request.text("method", capsule.request->method);
    request.text("authority", capsule.request->authority);
    request.text("path", capsule.request->path);
    request.pairs("headers", capsule.request->headers);
    request.end();
  }
  whole.texts("args", capsule.args);
  whole.pairs("variables", capsule.variables);
  whole.text("manifest", capsule.manifest);
  whole.text_if("files", capsule.files);
  whole.texts("withheld", capsule.withheld);
  whole.texts("redacted", capsule.redacted);
  put_draws(whole, capsule);
  whole.texts("drew", capsule.drew);
  whole.texts("outside", capsule.outside);
  whole.text_if("denied", capsule.denied);
  put_result(whole, capsule.result);
  whole.end();
  return out;
}

}  // namespace ferry::capsule
