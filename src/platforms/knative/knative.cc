#include "platforms/knative/knative.h"

#include "platforms/knative/adapter.h"
#include "platforms/knative/emulator.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

class Knative final : public Platform {
 public:
  const char* name() const override { return "knative"; }
  const char* summary() const override { return "Knative and Cloud Run: CloudEvents in and out"; }
  Sign sign() const override { return {"K_SERVICE"}; }  // Knative Serving, runtime contract
  const Rules& rules() const override { return knative_rules(); }
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    return std::unique_ptr<http::Service>(
        std::make_unique<knative::KnativeAdapter>(std::move(context)));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(adapter, serve::front_options(options.limits)));
    return std::unique_ptr<Emulator>(
        std::make_unique<knative::KnativeEmulator>(std::move(wire), options.log));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(
        std::make_unique<knative::KnativeEmulator>(std::move(wire), nullptr));
  }
};

}  // namespace

const Platform& knative_platform() {
  static const Knative platform;
  return platform;
}

}  // namespace ferry::platforms
