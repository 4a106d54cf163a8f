// Outcomes → what Lambda's caller wants to hear, by the row of the table. Pure.
#pragma once

#include <span>
#include <string>

#include "host/outcome.h"
#include "http/message.h"
#include "platforms/lambda/events.h"

namespace ferry::platforms::lambda {

// The answer to one invocation.
struct Report {
  std::string body;             // JSON, unless it is streamed
  std::string error_type = {};  // "Function.Trapped"; empty: no error
  std::string content_type = "application/json";
  bool streamed = false;  // to be sent in chunks; no JSON of the whole then
};

// Bytes of an answer that Lambda takes (quotas page: 6 MB, of which the Runtime API takes a
// hundred bytes more); past it we say so ourselves, since Lambda's own words name no cause.
inline constexpr std::size_t kMaxAnswer = (6u << 20) + 100;

// The errorType of an outcome, "Category.Reason" as AWS recommends: "Function.OutOfMemory"; empty
// for one that is ok.
const char* error_type(host::Status status);

// {"errorMessage", "errorType", "stackTrace"}, for the caller of Lambda's Invoke API: as with
// AWS's own runtimes that is its operator, and gets the backtrace. Callers over HTTP get problem
// details.
Report error_report(const host::Outcome& outcome);
Report error_report(std::string_view type, std::string_view message);

// The outcome of an answer that is past what Lambda takes.
host::Outcome too_large_outcome(std::string invocation);

// Bytes of a streamed answer (quotas page: 200 MB).
inline constexpr std::size_t kMaxStreamed = 200'000'000;

// `streaming`: what is past kMaxAnswer is streamed. All but HTTP's rows; one outcome an item, and
// fewer where the order counts and one failed.
Report report(const Input& input, std::span<const host::Outcome> outcomes, bool streaming = false);

// HTTP's rows. An answer past kMaxAnswer is an error, which a gateway makes a bare 502 of: it is
// for the adapter to answer in HTTP's words instead.
Report http_report(ReplyKind kind, bool multi_value, const http::Response& response);
// A function URL's whose invoke mode is RESPONSE_STREAM: status, headers and cookies as JSON, eight
// NULs, and the body as it is. Past kMaxStreamed it is an error.
Report streamed_report(const http::Response& response);

// The reply of one good outcome as one JSON value: JSON as it is, text as a string, an event in
// structured mode, HTTP as the object that API Gateway takes, other bytes as {"datacontenttype",
// "data_base64"}; null when there is none.
std::string reply_value(const host::Reply& reply);

}  // namespace ferry::platforms::lambda
