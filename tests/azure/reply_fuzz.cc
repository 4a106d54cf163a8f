// What the Functions host is given for arbitrary replies: always JSON, with what the function
// replied in it, as the host would read it. The first byte says the status, then a line with the
// content type, header lines (which are lines of the log, too), an empty line, the body.
#include <algorithm>

#include "../http/response_input.h"
#include "base/bytes.h"
#include "event/json.h"
#include "event/json_text.h"
#include "platforms/azure/answer.h"
#include "platforms/json_view.h"

namespace {

namespace azure = ferry::platforms::azure;
using ferry::http::must;
using ferry::http::response_of;
using ferry::platforms::JsonView;

// Convert.FromBase64String, where it takes the text; white space is nothing to it.
std::optional<std::string> bytes_of(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  auto bytes = ferry::from_base64(text);
  return bytes.ok() ? std::optional(*std::move(bytes)) : std::nullopt;
}

void check_value(const ferry::host::Reply& reply) {
  const std::string text = azure::reply_value(reply);
  must(ferry::event::check_json(text).ok());
  const JsonView value(text);
  if (!value.is(ferry::event::JsonKind::kString)) {
    must(reply.data.empty() ? text == "null" : text == reply.data);
    return;
  }
  const std::string said = value.scalar().value_or("");
  must(bytes_of(said).value_or(said) == reply.data);
}

void check_payload(const std::string& text, const ferry::host::Outcome& outcome) {
  must(ferry::event::check_json(text).ok());
  const JsonView payload(text);
  must(payload.members().size() == 3 &&
       payload.member("Outputs").is(ferry::event::JsonKind::kObject) &&
       payload.member("Logs").is(ferry::event::JsonKind::kArray));
  must(payload.member("Logs").elements().size() == outcome.logs.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto response = response_of({reinterpret_cast<const char*>(data), size});
  ferry::host::Outcome outcome;
  outcome.status = ferry::host::Status::kOk;
  outcome.reply.content_type = response.content_type;
  outcome.reply.data = response.body;
  for (const auto& [name, value] : response.fields) {
    outcome.logs.emplace_back().text = ferry::to_utf8(name + value);
  }
  check_value(outcome.reply);
  check_payload(azure::reply_payload(outcome), outcome);
  if (const auto payload = azure::http_payload(response, outcome); payload.ok()) {
    check_payload(*payload, outcome);
    const JsonView answer = JsonView(*payload).member("Outputs").member(azure::kHttpBinding);
    if (!azure::own_outputs(response.content_type, response.body)) {
      must(answer.member("body").scalar() == response.body);
      must(answer.member("headers").is(ferry::event::JsonKind::kObject));
    }
  }
  return 0;
}
