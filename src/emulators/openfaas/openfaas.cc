#include "platforms/openfaas/openfaas.h"

#include "emulators/openfaas/emulator.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

class OpenFaasEmulation final : public Emulation {
 public:
  const Platform& platform() const override { return openfaas_platform(); }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(*adapter.http, serve::front_options(options.limits)));
    return std::unique_ptr<Emulator>(
        std::make_unique<openfaas::OpenFaasEmulator>(std::move(wire), options.log));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(
        std::make_unique<openfaas::OpenFaasEmulator>(std::move(wire), nullptr));
  }
};

}  // namespace

const Emulation& openfaas_emulation() {
  static const OpenFaasEmulation emulation;
  return emulation;
}

}  // namespace ferry::platforms
