#include "host/outcome_json.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "event/event.h"
#include "event/json.h"
#include "event/json_text.h"

namespace ferry::host {
namespace {

namespace json = boost::json;

// Tenths of a microsecond are all that a clock read from user space can tell. Written by hand,
// since the serializer writes every double with an exponent.
std::string usage_text(const Usage& usage) {
  return fmt::format(
      R"({{"queue_us":{:.1f},"instantiate_us":{:.1f},"run_us":{:.1f},"teardown_us":{:.1f},)"
      R"("memory_bytes":{},"instructions":{}}})",
      usage.queue_us, usage.instantiate_us, usage.run_us, usage.teardown_us, usage.memory_bytes,
      usage.instructions ? std::to_string(*usage.instructions) : "null");
}

// What stands between an object's braces.
std::string members(const json::object& object) {
  const std::string text = json::serialize(object);
  return text.substr(1, text.size() - 2);
}

// As a member. JSON stays the function's text, and is not read into numbers of ours: those have
// neither all its digits nor its range.
std::string data_member(const Reply& from) {
  if (from.data.empty()) return R"("data":null)";
  if (event::is_json_type(from.content_type) && event::check_json(from.data).ok()) {
    return R"("data":)" + event::compact_json(from.data);
  }
  if (is_utf8(from.data)) return R"("data":)" + event::json_string(from.data);
  return R"("data_base64":")" + to_base64(as_bytes(from.data)) + '"';
}

json::array connections_value(const std::vector<wasi::ConnectionRecord>& connections) {
  json::array out;
  for (const wasi::ConnectionRecord& each : connections) {
    json::object one{{"name", each.name},
                     {"address", net::to_string(each.peer)},
                     {"time", to_rfc3339(each.began)},
                     {"duration_us", each.lasted.count()},
                     {"sent_bytes", each.sent},
                     {"received_bytes", each.received},
                     {"error", nullptr}};
    if (!each.error.empty()) {
      one["error"] = each.error;
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::string reply_text(const Reply& from) {
  // HTTP lets a field have any bytes above 127 (RFC 9110, 5.5); JSON has text alone.
  std::string text = R"({"content_type":)" + event::json_string(to_utf8(from.content_type)) + ',' +
                     data_member(from);
  if (from.http) {
    json::array headers;
    for (const auto& [name, value] : from.http->headers) {
      headers.push_back(json::array{to_utf8(name), to_utf8(value)});
    }
    text += R"(,"http":)" + json::serialize(json::object{{"status", from.http->status},
                                                         {"headers", std::move(headers)}});
  }
  if (from.event) {
    if (const auto event = event::to_json(*from.event); event.ok()) {
      text += R"(,"event":)" + event::compact_json(*event);
    }
  }
  return text + '}';
}

}  // namespace

std::string to_json(const Outcome& outcome, const OutcomeOf& of) {
  json::array logs;
  for (const LogLine& line : outcome.logs) {
    logs.push_back(
        json::object{{"time", to_rfc3339(line.time)}, {"stream", "stderr"}, {"text", line.text}});
  }
  const json::object first{
      {"status", status_row(outcome.status).name},
      {"invocation", outcome.invocation},
      {"function",
       {{"name", of.name}, {"digest", of.digest}, {"abi", std::string(wasm::abi_name(of.abi))}}},
      {"engine", {{"name", of.engine_name}, {"version", of.engine_version}}}};
  json::object last{
      {"logs", std::move(logs)}, {"log_truncated", outcome.log_truncated}, {"error", nullptr}};
  if (outcome.status != Status::kOk) {
    json::object error{{"message", outcome.message}, {"hint", outcome.hint}};
    if (outcome.status == Status::kFailed || outcome.status == Status::kDenied) {
      error["exit_code"] = outcome.exit_code;
    }
    if (!outcome.backtrace.empty()) {
      error["backtrace"] = outcome.backtrace;
    }
    last["error"] = std::move(error);
  }
  if (!outcome.connections.empty()) {
    last["connections"] = connections_value(outcome.connections);
  }
  return fmt::format(R"({{{},"reply":{},{},"usage":{}}})", members(first),
                     outcome.status == Status::kOk ? reply_text(outcome.reply) : "null",
                     members(last), usage_text(outcome.usage));
}

std::string to_problem(const Outcome& outcome, int http_status, const std::string& digest) {
  const char* name = status_row(outcome.status).name;
  return json::serialize(json::object{{"type", std::string("urn:ferry:outcome:") + name},
                                      {"title", name},
                                      {"status", http_status},
                                      {"detail", outcome.message},
                                      {"hint", outcome.hint},
                                      {"outcome", name},
                                      {"invocation", outcome.invocation},
                                      {"digest", digest}});
}

std::string to_answer(const Outcome& outcome, const std::string& digest) {
  const int status = host::http_status(outcome);
  if (outcome.status != Status::kOk) {
    return to_problem(outcome, status, digest);
  }
  const json::object first{{"outcome", status_row(outcome.status).name},
                           {"invocation", outcome.invocation},
                           {"status", status}};
  return fmt::format(R"({{{},"reply":{}}})", members(first), reply_text(outcome.reply));
}

std::string event_of_reply(const Reply& reply) {
  event::Event event = *reply.event;
  if (!event.data && !reply.data.empty()) {
    event.data = reply.data;
  }
  auto text = event::to_json(event);
  return text.ok() ? *std::move(text) : "null";
}

std::string log_to_json(const LogLine& line, const Outcome& outcome, const OutcomeOf& of) {
  const char* level = line.level == LogLevel::kError  ? "error"
                      : line.level == LogLevel::kWarn ? "warn"
                                                      : "info";
  json::object out{{"time", to_rfc3339(line.time)},
                   {"level", level},
                   {"invocation", outcome.invocation},
                   {"digest", of.digest},
                   {"function", of.name},
                   {"stream", "stderr"},
                   {"text", line.text}};
  if (!outcome.record.empty()) {
    out["record"] = is_utf8(outcome.record) ? outcome.record : "(not UTF-8)";
  }
  return json::serialize(out);
}

}  // namespace ferry::host
