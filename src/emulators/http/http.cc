#include "platforms/http/http.h"

#include "emulators/http/emulator.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

class HttpEmulation final : public Emulation {
 public:
  const Platform& platform() const override { return http_platform(); }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(*adapter.http, serve::front_options(options.limits)));
    return std::unique_ptr<Emulator>(std::make_unique<HttpEmulator>(std::move(wire), options.log));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(std::make_unique<HttpEmulator>(std::move(wire), nullptr));
  }
};

}  // namespace

const Emulation& http_emulation() {
  static const HttpEmulation emulation;
  return emulation;
}

}  // namespace ferry::platforms
