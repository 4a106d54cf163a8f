// Plays the Functions host: forwards an event over an HTTP trigger as it does with
// enableForwardingHttpRequest, which is what ferry pack deploys; and posts the messages of other
// triggers.
#include "base/ids.h"
#include "emulators/http_emulator.h"
#include "platforms/azure/adapter.h"

namespace ferry::platforms {
namespace {

// What the host says of itself (its DefaultHttpWorkerService).
void add_host(WireRequest& request) {
  request.fields.emplace_back("X-Azure-Functions-HostVersion", "4.0.0");
  request.fields.emplace_back(azure::kInvocationHeader, uuid_v7(system_clock(), system_random()));
  request.fields.emplace_back("User-Agent", "Azure-Functions-Host/4.0.0");
}

class AzureEmulator final : public HttpEmulator {
 public:
  using HttpEmulator::HttpEmulator;

  // {"Data", "Metadata"} of a trigger that is not forwarded; {"Outputs", "Logs", "ReturnValue"}.
  Result<Answer> send_native(std::string_view input) override {
    WireRequest request;
    request.path = "/" + name();
    request.fields = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = input;
    add_host(request);
    return exchange(request);
  }

 protected:
  // Under the route of the function.
  void forward(WireRequest& request) const override {
    request.path = "/api/" + name() + (request.path == "/" ? "" : request.path);
    add_host(request);
  }
};

}  // namespace

const Emulation& azure_emulation() {
  static const HttpEmulation<AzureEmulator> emulation(azure_platform());
  return emulation;
}

}  // namespace ferry::platforms
