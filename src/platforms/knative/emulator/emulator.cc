// Plays Knative's broker: delivers an event as a Trigger's dispatcher does, and takes the reply as
// strictly. An event that Google's older form can carry whole goes in that, as Cloud Functions
// would send it.
#include "emulators/http_emulator.h"
#include "platforms/knative/adapter.h"
#include "platforms/knative/google_events.h"

namespace ferry::platforms {
namespace knative {
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

// What a caller gets of a broker's answer: a reply that the adapter made an event of is itself
// again. An error when the broker would take the answer for a fault.
Result<Answer> unwrapped(Answer answer) {
  if (answer.status < 200 || answer.status > 299) {
    return answer;
  }
  const std::vector<event::HeaderView> headers(answer.fields.begin(), answer.fields.end());
  FERRY_TRY(auto received, event::from_http_message(headers, answer.body));
  if (!received) {
    if (!answer.body.empty()) {
      return Error{
          Code::kInternal,
          "a broker takes an answer whose body is not an event for a fault, and this is one", ""};
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

class KnativeEmulator final : public HttpEmulator {
 public:
  using HttpEmulator::HttpEmulator;

  Result<Answer> send(const event::Event& event) override {
    if (const auto text = older_form(event)) {
      return send_native(*text);
    }
    FERRY_TRY(const auto message, http_message_of(event));
    WireRequest request = post_of(message);
    request.fields.emplace_back("User-Agent", "Go-http-client/1.1");
    request.fields.emplace_back("Prefer", "reply");
    request.fields.emplace_back("Kn-Namespace", "default");
    FERRY_TRY(Answer answer, exchange(request));
    return unwrapped(std::move(answer));
  }

  // A request as text; or, where it begins with {, an event of Google's as it was before
  // CloudEvents, as Cloud Functions posts it. Those have no use for a reply, whatever it is.
  Result<Answer> send_native(std::string_view input) override {
    if (!input.starts_with('{')) {
      return HttpEmulator::send_native(input);
    }
    WireRequest request;
    request.fields = {{"Content-Type", "application/json"}};
    request.body = input;
    return exchange(request);
  }
};

}  // namespace
}  // namespace knative

const Emulation& knative_emulation() {
  static const HttpEmulation<knative::KnativeEmulator> emulation(knative_platform());
  return emulation;
}

}  // namespace ferry::platforms
