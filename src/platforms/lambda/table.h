// How native Lambda input becomes CloudEvents: one row a source, tried from the top. Data, not
// code: docs/lambda-events.md is this table in prose, and has its version.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace ferry::platforms::lambda {

inline constexpr int kTableVersion = 2;

// What Lambda's caller wants to hear.
enum class ReplyKind : unsigned char {
  kJson,      // the function's reply as a JSON value
  kArray,     // one JSON value an event, in their order
  kBatch,     // the events that failed (batchItemFailures); they may run at once
  kOrdered,   // the same, but in order, and nothing is run behind the first that fails
  kHttpV1,    // an API Gateway REST API's answer
  kHttpV2,    // an HTTP API's, or a function URL's
  kHttpAlb,   // a load balancer's
  kWebSocket  // a status and a text
};

struct Row {
  std::string_view name;
  // Conditions, all of which hold, with ';' between them: PATH is there, !PATH is not,
  // PATH=TEXT is this text, #N: the input has N members and no more. Paths are those of
  // JsonView::at(), from the top of the input.
  std::string_view when;
  // Where the events are: "" (the whole input is one), a list ("Records"), or a map of lists
  // ("records/*"). "gunzip:PATH": base64, gzip and JSON, which then stands for the whole input.
  std::string_view each;
  // Templates (template.h). An optional attribute whose template names what is not there is left
  // out; a required one falls back to what the invocation itself knows.
  std::string_view type;
  std::string_view source;
  std::string_view id;
  std::string_view subject;
  std::string_view time;
  // "json:PATH", "text:PATH" or "base64:PATH", from the event's own place; PATH may be empty.
  // null there means no data, as does nothing there with text and base64; with json nothing there
  // means that the whole place is the data.
  std::string_view data;
  ReplyKind reply;
  std::string_view item = "";  // of kBatch and kOrdered: the path of what names an event to Lambda
  // Extension attributes: NAME=TEMPLATE with ';' between them. One whose template finds nothing is
  // left out.
  std::string_view attributes = "";
  // Those of the manifest, which come on top; borrowed, may be null.
  const std::map<std::string, std::string>* own_attributes = nullptr;
};

// `when` of rows for HTTP says what they are; how their requests are read is in http_events.h.
std::span<const Row> table();
// The last row, which every input fits.
const Row& fallback_row();
bool is_http(ReplyKind reply);
// Whether the caller can use a status and headers: clients of the gateways, and
// who invokes the function directly. No queue, bucket or schedule can.
bool takes_http_answer(const Row& row);

}  // namespace ferry::platforms::lambda
