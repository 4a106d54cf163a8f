#include "emulators/http/emulator.h"

#include "emulators/emulate.h"

namespace ferry::platforms {

Result<Answer> HttpEmulator::send(const event::Event& event) {
  FERRY_TRY(const event::HttpMessage message, http_message_of(event));
  return wire_->exchange(post_of(message));
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
  return wire_->exchange(request);
}

}  // namespace ferry::platforms
