#include "emulators/http_emulator.h"

#include <algorithm>

#include "emulators/request_text.h"

namespace ferry::platforms {

Result<Answer> HttpEmulator::send(const event::Event& event) {
  FERRY_TRY(const event::HttpMessage message, http_message_of(event));
  return send_request(post_of(message));
}

Result<Observed> HttpEmulator::observe(const event::Event& event) {
  FERRY_TRY(const Answer answer, send(event));
  FERRY_TRY(Observed observed, observed_of(answer));
  FERRY_CHECK_OK(observe_json_log(log_, observed));
  return observed;
}

Result<Answer> HttpEmulator::send_native(std::string_view input) {
  FERRY_TRY(const WireRequest request, parse_request(input));
  return send_request(request);
}

Result<Answer> HttpEmulator::send_request(const WireRequest& request) {
  WireRequest forwarded = request;
  forward(forwarded);
  return exchange(forwarded);
}

void HttpEmulator::forward(WireRequest& /*request*/) const {}

Result<event::HttpMessage> http_message_of(const event::Event& event) {
  const bool all_text = std::ranges::all_of(event.extensions, [](const auto& extension) {
    return std::holds_alternative<std::string>(extension.second);
  });
  const bool no_bytes = event.data && event.data->empty();
  return event::to_http(event,
                        all_text && !no_bytes ? event::Mode::kBinary : event::Mode::kStructured);
}

WireRequest post_of(const event::HttpMessage& message) {
  WireRequest request;
  request.fields = message.headers;
  request.body = message.body;
  return request;
}

Status observe_json_log(LogTap* log, Observed& into) {
  if (log == nullptr) {
    return Done{};
  }
  FERRY_TRY(const LogTap::Text text, log->take());
  FERRY_TRY(std::vector<std::string> lines, texts_of_json_lines(text.err));
  take_log(std::move(lines), into);
  return Done{};
}

}  // namespace ferry::platforms
