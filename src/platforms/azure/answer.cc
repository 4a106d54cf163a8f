#include "platforms/azure/answer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/json.h"
#include "event/json_text.h"
#include "host/outcome_json.h"
#include "http/head.h"

namespace ferry::platforms::azure {
namespace {

// Convert.FromBase64String of the host leaves white space out.
bool looks_like_base64(std::string_view text) {
  std::string packed;
  std::ranges::copy_if(text, std::back_inserter(packed),
                       [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
  return packed.size() % 4 == 0 && std::ranges::all_of(packed, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/' || c == '=';
         });
}

std::string logs_of(const host::Outcome& outcome) {
  std::string out = "[";
  for (const host::LogLine& line : outcome.logs) {
    out += (out.size() > 1 ? "," : "") + event::json_string(line.text);
  }
  if (outcome.log_truncated) {
    out += (out.size() > 1 ? "," : "") +
           event::json_string("ferry: the log was cut at its limit ([limits] log)");
  }
  return out + "]";
}

}  // namespace

std::string reply_value(const host::Reply& reply) {
  if (reply.event) {
    return host::event_of_reply(reply);
  }
  if (reply.data.empty()) {
    return "null";
  }
  if (event::is_json_type(reply.content_type) && event::check_json(reply.data).ok() &&
      reply.data[reply.data.find_first_not_of(" \t\r\n")] != '"') {
    return reply.data;
  }
  if (!is_utf8(reply.data) || looks_like_base64(reply.data)) {
    return event::json_string(to_base64(as_bytes(reply.data)));
  }
  return event::json_string(reply.data);
}

std::optional<OwnOutputs> own_outputs(std::string_view type, std::string_view data) {
  if (!event::is_json_type(type) || !event::check_json(data).ok()) {
    return std::nullopt;
  }
  data.remove_prefix(data.find_first_not_of(" \t\r\n"));
  data = data.substr(0, data.find_last_not_of(" \t\r\n") + 1);
  const JsonView whole(data);
  OwnOutputs out{whole.member("Outputs"), whole.member("ReturnValue")};
  const std::size_t known = out.return_value.present() ? 2 : 1;
  if (!out.outputs.is(event::JsonKind::kObject) || whole.members().size() != known) {
    return std::nullopt;
  }
  return out;
}

std::string reply_payload(const host::Outcome& outcome) {
  if (const auto own = own_outputs(outcome.reply.content_type, outcome.reply.data)) {
    return fmt::format(R"({{"Outputs":{},"Logs":{},"ReturnValue":{}}})", own->outputs.text(),
                       logs_of(outcome),
                       own->return_value.present() ? own->return_value.text() : "null");
  }
  const std::string value = reply_value(outcome.reply);
  return fmt::format(R"({{"Outputs":{{"{}":{}}},"Logs":{},"ReturnValue":{}}})", kReplyBinding,
                     value, logs_of(outcome), value);
}

Result<std::string> http_payload(const http::Response& answer, const host::Outcome& outcome) {
  if (own_outputs(answer.content_type, answer.body)) {
    return reply_payload(outcome);
  }
  if (!is_utf8(answer.body)) {
    return Error{Code::kUnsupported, "this form of an HTTP trigger carries no bytes but text",
                 "set enableForwardingHttpRequest in host.json, as ferry pack does"};
  }
  std::string headers;
  auto add = [&headers](std::string_view name, std::string_view value) {
    if (http::is_token(name) && http::is_field_value(value) && is_utf8(value)) {
      headers += fmt::format("{}{}:{}", headers.empty() ? "" : ",", event::json_string(name),
                             event::json_string(value));
    }
  };
  if (!answer.content_type.empty()) {
    add("Content-Type", answer.content_type);
  }
  // An object holds a name once.
  for (auto at = answer.fields.begin(); at != answer.fields.end(); ++at) {
    const bool first = std::none_of(answer.fields.begin(), at, [&](const auto& before) {
      return http::equals_nocase(before.first, at->first);
    });
    if (first) {
      add(at->first, at->second);
    }
  }
  // All four members are required by some versions of the host.
  return fmt::format(
      R"({{"Outputs":{{"{0}":{{"statusCode":"{1}","status":"{1}","body":{2},"headers":{{{3}}}}}}},)"
      R"("Logs":{4},"ReturnValue":null}})",
      kHttpBinding, answer.status, event::json_string(answer.body), headers, logs_of(outcome));
}

}  // namespace ferry::platforms::azure
