#include "platforms/lambda/lambda.h"

#include "emulators/lambda/emulator.h"

namespace ferry::platforms {
namespace {

class LambdaEmulation final : public Emulation {
 public:
  const Platform& platform() const override { return lambda_platform(); }
  Result<std::unique_ptr<Emulator>> make_emulator(Adapter& adapter,
                                                  EmulatorOptions options) const override {
    return lambda::make_lambda_emulator(*adapter.deliveries, options.log);
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return lambda::make_remote_lambda(std::move(wire));
  }
};

}  // namespace

const Emulation& lambda_emulation() {
  static const LambdaEmulation emulation;
  return emulation;
}

}  // namespace ferry::platforms
