// Lambda's answers to arbitrary replies: always JSON, and the body comes back byte for byte. The
// first byte says the status, then a line with the content type, header lines, an empty line, the
// body.
#include <algorithm>

#include "../http/response_input.h"
#include "base/bytes.h"
#include "event/json_text.h"
#include "http/head.h"
#include "platforms/json_view.h"
#include "platforms/lambda/http_reply.h"
#include "platforms/lambda/replies.h"

namespace {

namespace lambda = ferry::platforms::lambda;
using ferry::http::must;
using ferry::http::response_of;
using ferry::platforms::JsonView;

// No name or value that could split or spoil what a gateway writes.
void check_headers(JsonView headers) {
  for (const auto& [name, value] : headers.members()) {
    must(ferry::http::is_token(name));
    must(value.is(ferry::event::JsonKind::kArray) ||
         ferry::http::is_field_value(value.scalar().value_or("\n")));
  }
}

void check_http(const ferry::http::Response& response) {
  using enum lambda::ReplyKind;
  for (const auto kind : {kHttpV1, kHttpV2, kHttpAlb, kWebSocket}) {
    for (const bool lists : {false, true}) {
      const std::string text = lambda::http_reply(kind, lists, response);
      must(ferry::event::check_json(text).ok());
      const JsonView reply(text);
      check_headers(reply.member("headers"));
      check_headers(reply.member("multiValueHeaders"));
      std::string body = reply.member("body").scalar().value_or("");
      if (reply.member("isBase64Encoded").is_true()) {
        body = *ferry::from_base64(body);
      }
      must(body == response.body);
    }
  }
  const auto streamed = lambda::streamed_report(response);
  must(streamed.body.ends_with(response.body));
}

// The header fields as the outcomes of a batch's items: a name each, and how it ended.
void check_batch(const ferry::http::Response& response) {
  lambda::Input input;
  std::vector<ferry::host::Outcome> outcomes;
  for (const auto& [name, value] : response.fields) {
    input.items.push_back({ferry::event::Event{}, name});
    ferry::host::Outcome& outcome = outcomes.emplace_back();
    outcome.status = static_cast<ferry::host::Status>(value.size() % 4);
    outcome.message = value;
    outcome.backtrace = name;
    outcome.backtrace += "\n" + value;
    outcome.reply.content_type = response.content_type;
    outcome.reply.data = value;
  }
  using enum lambda::ReplyKind;
  for (const auto kind : {kJson, kArray, kBatch, kOrdered}) {
    lambda::Row row;
    row.reply = kind;
    input.row = &row;
    // Where the order counts, none is run behind the first that fails.
    const std::size_t ran = kind == kOrdered ? (outcomes.size() + 1) / 2 : outcomes.size();
    const auto report = lambda::report(input, std::span(outcomes).first(ran));
    must(ferry::event::check_json(report.body).ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto response = response_of({reinterpret_cast<const char*>(data), size});
  check_http(response);
  check_batch(response);
  ferry::host::Reply reply;
  reply.content_type = response.content_type;
  reply.data = response.body;
  must(ferry::event::check_json(lambda::reply_value(reply)).ok());
  reply.http = ferry::host::HttpAnswer{response.status, response.fields};
  must(ferry::event::check_json(lambda::reply_value(reply)).ok());
  return 0;
}
