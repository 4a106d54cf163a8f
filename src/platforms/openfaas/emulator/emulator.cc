// Plays of-watchdog in http mode, as it calls the function behind it: bodies in chunks, whatever
// their size.
#include <algorithm>

#include "base/ids.h"
#include "emulators/http_emulator.h"
#include "http/message.h"
#include "platforms/openfaas/openfaas.h"

namespace ferry::platforms {
namespace {

class OpenFaasEmulator final : public HttpEmulator {
 public:
  using HttpEmulator::HttpEmulator;

 protected:
  // What the gateway and of-watchdog add.
  void forward(WireRequest& request) const override {
    request.chunked = !request.body.empty();
    if (std::ranges::none_of(request.fields, [](const auto& field) {
          return http::equals_nocase(field.first, "user-agent");
        })) {
      request.fields.emplace_back("User-Agent", "Go-http-client/1.1");
    }
    request.fields.emplace_back("X-Call-Id", uuid_v7(system_clock(), system_random()));
    request.fields.emplace_back("X-Forwarded-Host", "gateway:8080");
    request.fields.emplace_back("X-Start-Time",
                                std::to_string(system_clock().wall().time_since_epoch().count()));
  }
};

}  // namespace

const Emulation& openfaas_emulation() {
  static const HttpEmulation<OpenFaasEmulator> emulation(openfaas_platform());
  return emulation;
}

}  // namespace ferry::platforms
