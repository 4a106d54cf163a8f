#include "emulators/azure/emulator.h"

#include "base/ids.h"
#include "emulators/emulate.h"
#include "platforms/azure/adapter.h"

namespace ferry::platforms::azure {
namespace {

// What the host says of itself (its DefaultHttpWorkerService).
void add_host(WireRequest& request) {
  request.fields.emplace_back("X-Azure-Functions-HostVersion", "4.0.0");
  request.fields.emplace_back(kInvocationHeader, uuid_v7(system_clock(), system_random()));
  request.fields.emplace_back("User-Agent", "Azure-Functions-Host/4.0.0");
}

}  // namespace

Result<Answer> AzureEmulator::send(const event::Event& event) {
  FERRY_TRY(const auto message, http_message_of(event));
  WireRequest request = post_of(message, std::string("/api/") + name_);
  add_host(request);
  return wire_->exchange(request);
}

Result<Answer> AzureEmulator::send_native(std::string_view input) {
  WireRequest request;
  request.path = std::string("/") + name_;
  request.fields = {{"Content-Type", "application/json; charset=utf-8"}};
  request.body = input;
  add_host(request);
  return wire_->exchange(request);
}

// Forwarded as it came (enableForwardingHttpRequest), under the route of the function.
Result<Answer> AzureEmulator::send_request(const WireRequest& request) {
  WireRequest forwarded = request;
  forwarded.path = std::string("/api/") + name_ + (request.path == "/" ? "" : request.path);
  add_host(forwarded);
  return wire_->exchange(forwarded);
}

Result<Observed> AzureEmulator::observe(const event::Event& event) {
  FERRY_TRY(const Answer answer, send(event));
  FERRY_TRY(Observed observed, observed_of(answer));
  FERRY_CHECK_OK(observe_json_log(log_, observed));
  return observed;
}

}  // namespace ferry::platforms::azure
