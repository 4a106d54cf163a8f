#include "emulators/openfaas/emulator.h"

#include "base/ids.h"
#include "emulators/emulate.h"

namespace ferry::platforms::openfaas {

Result<Answer> OpenFaasEmulator::send(const event::Event& event) {
  FERRY_TRY(const auto message, http_message_of(event));
  WireRequest request = post_of(message);
  request.chunked = true;
  request.fields.emplace_back("User-Agent", "Go-http-client/1.1");
  request.fields.emplace_back("X-Call-Id", uuid_v7(system_clock(), system_random()));
  request.fields.emplace_back("X-Forwarded-Host", "gateway:8080");
  request.fields.emplace_back("X-Start-Time",
                              std::to_string(system_clock().wall().time_since_epoch().count()));
  return wire_->exchange(request);
}

Result<Observed> OpenFaasEmulator::observe(const event::Event& event) {
  FERRY_TRY(const Answer answer, send(event));
  FERRY_TRY(Observed observed, observed_of(answer));
  FERRY_CHECK_OK(observe_json_log(log_, observed));
  return observed;
}

}  // namespace ferry::platforms::openfaas
