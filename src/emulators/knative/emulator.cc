#include "emulators/knative/emulator.h"

#include "emulators/emulate.h"
#include "platforms/knative/adapter.h"
#include "platforms/knative/google_events.h"

namespace ferry::platforms::knative {
namespace {

// The older form, where nothing is lost in it.
std::optional<std::string> older_form(const event::Event& event) {
  auto text = to_background(event);
  if (!text.ok()) {
    return std::nullopt;
  }
  auto back = from_background(*text, "/");
  return back && *back == event ? std::optional(*std::move(text)) : std::nullopt;
}

bool is_ours(const event::Event& event) {
  return event.type.ends_with(kReplySuffix) && event.source.starts_with(reply_source(""));
}

}  // namespace

Result<Answer> unwrapped(Answer answer) {
  if (answer.status < 200 || answer.status > 299) {
    return answer;
  }
  const std::vector<event::HeaderView> headers(answer.fields.begin(), answer.fields.end());
  FERRY_TRY(auto received, event::from_http_message(headers, answer.body));
  if (!received) {
    if (!answer.body.empty()) {
      return Error{Code::kInternal,
                   "a broker takes an answer whose body is no event for a fault, and this is one",
                   ""};
    }
    return answer;
  }
  event::Event& event = received->event;
  if (received->mode == event::Mode::kBatch || !is_ours(event)) {
    return answer;
  }
  std::erase_if(answer.fields, [&](const auto& field) {
    return field.first.starts_with("ce-") ||
           (received->mode == event::Mode::kStructured && field.first == "content-type");
  });
  if (received->mode == event::Mode::kStructured) {
    answer.fields.emplace_back("content-type", event.datacontenttype.value_or(""));
    answer.body = std::move(event.data).value_or("");
  }
  return answer;
}

Result<Answer> KnativeEmulator::send(const event::Event& event) {
  if (const auto text = older_form(event)) {
    return send_native(*text);
  }
  FERRY_TRY(const auto message, http_message_of(event));
  WireRequest request = post_of(message);
  request.fields.emplace_back("User-Agent", "Go-http-client/1.1");
  request.fields.emplace_back("Prefer", "reply");
  request.fields.emplace_back("Kn-Namespace", "default");
  FERRY_TRY(Answer answer, wire_->exchange(request));
  return unwrapped(std::move(answer));
}

// Cloud Functions has no use for a reply, whatever it is.
Result<Answer> KnativeEmulator::send_native(std::string_view input) {
  if (!input.starts_with('{')) {
    FERRY_TRY(const WireRequest request, parse_request(input));
    return send_request(request);
  }
  WireRequest request;
  request.fields = {{"Content-Type", "application/json"}};
  request.body = input;
  return wire_->exchange(request);
}

Result<Answer> KnativeEmulator::send_request(const WireRequest& request) {
  return wire_->exchange(request);
}

Result<Observed> KnativeEmulator::observe(const event::Event& event) {
  FERRY_TRY(const Answer answer, send(event));
  FERRY_TRY(Observed observed, observed_of(answer));
  FERRY_CHECK_OK(observe_json_log(log_, observed));
  return observed;
}

}  // namespace ferry::platforms::knative
