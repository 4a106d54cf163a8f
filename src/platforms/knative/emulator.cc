#include "platforms/knative/emulator.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/http.h"
#include "platforms/knative/adapter.h"
#include "platforms/knative/google_events.h"
#include "platforms/round_trip.h"

namespace ferry::platforms::knative {
namespace {

std::string request_of(const event::HttpMessage& message) {
  std::string out =
      "POST / HTTP/1.1\r\nHost: function.default.svc.cluster.local\r\n"
      "User-Agent: Go-http-client/1.1\r\nPrefer: reply\r\nKn-Namespace: default\r\n"
      "Connection: close\r\n";
  for (const auto& [name, value] : message.headers) {
    out += fmt::format("{}: {}\r\n", name, value);
  }
  out += fmt::format("Content-Length: {}\r\n\r\n", message.body.size());
  return out + message.body;
}

// The older form, where nothing is lost in it.
std::optional<std::string> older_form(const event::Event& event) {
  auto text = to_background(event);
  if (!text.ok()) {
    return std::nullopt;
  }
  auto back = from_background(*text, "/");
  return back && *back == event ? std::optional(*std::move(text)) : std::nullopt;
}

}  // namespace

Result<Answer> unwrapped(Answer answer) {
  std::vector<event::HeaderView> headers(answer.fields.begin(), answer.fields.end());
  FERRY_TRY(auto received, event::from_http_message(headers, answer.body));
  if (answer.status < 200 || answer.status > 299) {
    return answer;
  }
  if (!received) {
    if (!answer.body.empty()) {
      return Error{Code::kInternal,
                   "a broker takes an answer with a body that is no event for a fault: " +
                       std::to_string(answer.status),
                   ""};
    }
    return answer;
  }
  const event::Event& event = received->event;
  if (event.type.ends_with(kReplySuffix) && event.source.starts_with(reply_source(""))) {
    std::erase_if(answer.fields, [](const auto& field) { return field.first.starts_with("ce-"); });
  }
  return answer;
}

Result<Answer> KnativeEmulator::send(const event::Event& event) {
  if (auto text = older_form(event)) {
    // Cloud Functions has no use for a reply.
    return round_trip(adapter_,
                      request_of({{{"content-type", "application/json"}}, *std::move(text)}));
  }
  FERRY_TRY(auto message, event::to_http(event, event::Mode::kBinary));
  FERRY_TRY(Answer answer, round_trip(adapter_, request_of(message)));
  return unwrapped(std::move(answer));
}

}  // namespace ferry::platforms::knative
