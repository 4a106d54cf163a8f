#include "platforms/azure/azure.h"

#include "emulators/azure/emulator.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

class AzureEmulation final : public Emulation {
 public:
  const Platform& platform() const override { return azure_platform(); }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(*adapter.http, serve::front_options(options.limits)));
    return std::unique_ptr<Emulator>(
        std::make_unique<azure::AzureEmulator>(std::move(wire), options.log, options.name));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(
        std::make_unique<azure::AzureEmulator>(std::move(wire), nullptr, "function"));
  }
};

}  // namespace

const Emulation& azure_emulation() {
  static const AzureEmulation emulation;
  return emulation;
}

}  // namespace ferry::platforms
