#include "platforms/openwhisk/emulator/emulator.h"
#include "platforms/openwhisk/emulator/observed.h"
#include "platforms/openwhisk/openwhisk.h"

namespace ferry::platforms {
namespace {

class OpenWhiskEmulation final : public Emulation {
 public:
  const Platform& platform() const override { return openwhisk_platform(); }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(*adapter.http, openwhisk::front_options()));
    return std::unique_ptr<Emulator>(
        std::make_unique<openwhisk::OpenWhiskEmulator>(std::move(wire), options.log));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return openwhisk::make_remote_openwhisk(std::move(wire));
  }
  std::string lose(Observed& expected) const override { return openwhisk::lose(expected); }
};

}  // namespace

const Emulation& openwhisk_emulation() {
  static const OpenWhiskEmulation emulation;
  return emulation;
}

}  // namespace ferry::platforms
