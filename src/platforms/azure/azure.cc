#include "platforms/azure/azure.h"

#include "platforms/azure/adapter.h"
#include "platforms/azure/emulator.h"
#include "platforms/front.h"

namespace ferry::platforms {
namespace {

class Azure final : public Platform {
 public:
  const char* name() const override { return "azure"; }
  const char* summary() const override { return "Azure Functions, as a custom handler"; }
  const Rules& rules() const override { return azure_rules(); }
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    return std::unique_ptr<http::Service>(
        std::make_unique<azure::AzureAdapter>(std::move(context)));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(adapter, front_options(options.limits)));
    return std::unique_ptr<Emulator>(
        std::make_unique<azure::AzureEmulator>(std::move(wire), options.log));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(
        std::make_unique<azure::AzureEmulator>(std::move(wire), nullptr));
  }
};

}  // namespace

const Platform& azure_platform() {
  static const Azure platform;
  return platform;
}

}  // namespace ferry::platforms
