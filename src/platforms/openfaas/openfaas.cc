#include "platforms/openfaas/openfaas.h"

#include "platforms/openfaas/adapter.h"
#include "platforms/openfaas/emulator.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

class OpenFaas final : public Platform {
 public:
  const char* name() const override { return "openfaas"; }
  const char* summary() const override { return "OpenFaaS, with of-watchdog or without"; }
  Sign sign() const override { return {"OPENFAAS_NAME"}; }  // OpenFaaS, faas-netes
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    return std::unique_ptr<http::Service>(
        std::make_unique<openfaas::OpenFaasAdapter>(std::move(context)));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(adapter, serve::front_options(options.limits)));
    return std::unique_ptr<Emulator>(
        std::make_unique<openfaas::OpenFaasEmulator>(std::move(wire), options.log));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(
        std::make_unique<openfaas::OpenFaasEmulator>(std::move(wire), nullptr));
  }
};

}  // namespace

const Platform& openfaas_platform() {
  static const OpenFaas platform;
  return platform;
}

}  // namespace ferry::platforms
