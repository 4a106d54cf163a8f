#include "emulators/openfaas/emulator.h"

#include <algorithm>

#include "base/ids.h"
#include "emulators/emulate.h"
#include "http/message.h"

namespace ferry::platforms::openfaas {

// What the gateway and of-watchdog add.
Result<Answer> OpenFaasEmulator::send_request(const WireRequest& request) {
  WireRequest forwarded = request;
  forwarded.chunked = !request.body.empty();
  if (std::ranges::none_of(request.fields, [](const auto& field) {
        return http::equals_nocase(field.first, "user-agent");
      })) {
    forwarded.fields.emplace_back("User-Agent", "Go-http-client/1.1");
  }
  forwarded.fields.emplace_back("X-Call-Id", uuid_v7(system_clock(), system_random()));
  forwarded.fields.emplace_back("X-Forwarded-Host", "gateway:8080");
  forwarded.fields.emplace_back("X-Start-Time",
                                std::to_string(system_clock().wall().time_since_epoch().count()));
  return wire_->exchange(forwarded);
}

Result<Answer> OpenFaasEmulator::send(const event::Event& event) {
  FERRY_TRY(const auto message, http_message_of(event));
  return send_request(post_of(message));
}

Result<Answer> OpenFaasEmulator::send_native(std::string_view input) {
  FERRY_TRY(const WireRequest request, parse_request(input));
  return send_request(request);
}

Result<Observed> OpenFaasEmulator::observe(const event::Event& event) {
  FERRY_TRY(const Answer answer, send(event));
  FERRY_TRY(Observed observed, observed_of(answer));
  FERRY_CHECK_OK(observe_json_log(log_, observed));
  return observed;
}

}  // namespace ferry::platforms::openfaas
