#include "platforms/lambda/replies.h"

#include <set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/json.h"
#include "host/outcome_json.h"
#include "platforms/lambda/http_reply.h"

namespace ferry::platforms::lambda {
namespace {

using host::Outcome;

void put_string(std::string& out, std::string_view text) {
  // A guest's words were cleaned when they were read; an engine's message is ours. Belt and braces.
  event::append_json_string(out, is_utf8(text) ? text : "(not UTF-8)");
}

std::string message_of(const Outcome& outcome) {
  return outcome.hint.empty() ? outcome.message
                              : fmt::format("{} ({})", outcome.message, outcome.hint);
}

std::string error_body(std::string_view type, std::string_view message, std::string_view trace) {
  std::string out = "{\"errorMessage\":";
  put_string(out, message);
  out += ",\"errorType\":";
  put_string(out, type);
  out += ",\"stackTrace\":[";
  bool first = true;
  while (!trace.empty()) {
    std::size_t end = trace.find('\n');
    if (std::string_view line = trace.substr(0, end); !line.empty()) {
      out += first ? "" : ",";
      first = false;
      put_string(out, line);
    }
    trace = end == std::string_view::npos ? std::string_view() : trace.substr(end + 1);
  }
  return out + "]}";
}

// The result of the item: its outcome, or that it was not run.
const Outcome* outcome_of(std::span<const Outcome> outcomes, std::size_t index) {
  return index < outcomes.size() ? &outcomes[index] : nullptr;
}

bool succeeded(const Outcome* outcome) {
  return outcome != nullptr && outcome->status == host::Status::kOk;
}

const Outcome* first_failure(std::span<const Outcome> outcomes) {
  for (const Outcome& outcome : outcomes) {
    if (outcome.status != host::Status::kOk) {
      return &outcome;
    }
  }
  return nullptr;
}

// The events that failed, for Lambda to hand over again. When none succeeded, or one that failed
// has no name, the invocation as a whole is an error: then all are handed over again.
Report batch_report(const Input& input, std::span<const Outcome> outcomes) {
  const Outcome* failure = first_failure(outcomes);
  std::set<std::string> failed;
  std::size_t good = 0;
  bool nameless = false;
  for (std::size_t i = 0; i < input.items.size(); ++i) {
    if (succeeded(outcome_of(outcomes, i))) {
      ++good;
    } else {
      nameless |= input.items[i].name.empty();
      failed.insert(input.items[i].name);
    }
  }
  if (failure != nullptr && (good == 0 || nameless)) {
    return error_report(*failure);
  }
  std::string body = "{\"batchItemFailures\":[";
  bool first = true;
  for (const std::string& name : failed) {
    body += first ? "{\"itemIdentifier\":" : ",{\"itemIdentifier\":";
    first = false;
    put_string(body, name);
    body += '}';
  }
  return {body + "]}"};
}

Report array_report(std::span<const Outcome> outcomes) {
  if (const Outcome* failure = first_failure(outcomes)) {
    return error_report(*failure);
  }
  std::string body = "[";
  for (const Outcome& outcome : outcomes) {
    body += body.size() > 1 ? "," : "";
    body += reply_value(outcome.reply);
  }
  return {body + "]"};
}

Report too_large() {
  const Outcome outcome = too_large_outcome("");
  return error_report(error_type(outcome.status), message_of(outcome));
}

Report bounded(Report report, bool streaming) {
  const std::size_t size = report.body.size();
  if (size <= kMaxAnswer || !report.error_type.empty()) {
    return report;
  }
  report.streamed = streaming;
  const std::size_t bound = streaming ? kMaxStreamed : kMaxAnswer;
  return size > bound ? too_large() : std::move(report);
}

}  // namespace

const char* error_type(host::Status status) {
  switch (status) {
    case host::Status::kOk:
      return "";
    case host::Status::kFailed:
      return "Function.Failed";
    case host::Status::kTrapped:
      return "Function.Trapped";
    case host::Status::kTimeout:
      return "Function.Timeout";
    case host::Status::kOutOfMemory:
      return "Function.OutOfMemory";
    case host::Status::kOutputTooLarge:
      return "Function.OutputTooLarge";
    case host::Status::kDenied:
      return "Function.Denied";
    case host::Status::kRefused:
      return "Host.Refused";
    case host::Status::kBroken:
      return "Host.Broken";
  }
  return "Host.Broken";
}

Report error_report(std::string_view type, std::string_view message) {
  return {error_body(type, message, ""), std::string(type)};
}

Report error_report(const Outcome& outcome) {
  const char* type = error_type(outcome.status);
  return {error_body(type, message_of(outcome), outcome.backtrace), type};
}

Outcome too_large_outcome(std::string invocation) {
  Outcome outcome;
  outcome.status = host::Status::kOutputTooLarge;
  outcome.invocation = std::move(invocation);
  outcome.message = "the answer is larger than Lambda takes";
  outcome.hint = "6 MiB, 200 MB streamed: reply with less; bytes that are not text grow by a third";
  return outcome;
}

std::string reply_value(const host::Reply& reply) {
  if (reply.event) {
    return host::event_of_reply(reply);
  }
  if (reply.http) {
    http::Response response;
    response.status = reply.http->status;
    response.content_type = reply.content_type;
    response.fields = reply.http->headers;
    response.body = reply.data;
    return http_reply(ReplyKind::kHttpV2, false, response);
  }
  if (reply.data.empty()) {
    return "null";
  }
  if (event::is_json_type(reply.content_type) && event::check_json(reply.data).ok()) {
    return reply.data;
  }
  std::string out;
  if (is_utf8(reply.data)) {
    event::append_json_string(out, reply.data);
    return out;
  }
  out = "{\"datacontenttype\":";
  put_string(out, reply.content_type);
  return out + ",\"data_base64\":\"" + to_base64(as_bytes(reply.data)) + "\"}";
}

Report report(const Input& input, std::span<const Outcome> outcomes, bool streaming) {
  switch (input.row->reply) {
    case ReplyKind::kBatch:
    case ReplyKind::kOrdered:
      return batch_report(input, outcomes);
    case ReplyKind::kArray:
      return bounded(array_report(outcomes), streaming);
    default:
      break;
  }
  if (outcomes.size() != 1) {
    return {"null"};
  }
  const Outcome& outcome = outcomes[0];
  if (input.row->reply == ReplyKind::kWebSocket) {
    http::Response response;
    response.status = host::http_status(outcome);
    response.content_type = outcome.reply.content_type;
    response.body = outcome.reply.data;
    return http_report(ReplyKind::kWebSocket, false, response);
  }
  if (outcome.status != host::Status::kOk) {
    return error_report(outcome);
  }
  return bounded({reply_value(outcome.reply)}, streaming);
}

Report http_report(ReplyKind kind, bool multi_value, const http::Response& response) {
  return bounded({http_reply(kind, multi_value, response)}, false);
}

Report streamed_report(const http::Response& response) {
  Report out;
  out.body = http_prelude(response);
  out.body.append(8, '\0');
  if (response.body.size() > kMaxStreamed - out.body.size()) {
    return too_large();
  }
  out.body += response.body;
  out.content_type = "application/vnd.awslambda.http-integration-response";
  out.streamed = true;
  return out;
}

}  // namespace ferry::platforms::lambda
