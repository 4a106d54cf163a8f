#include "platforms/azure/azure.h"

#include "platforms/azure/adapter.h"
#include "platforms/azure/emulator.h"

namespace ferry::platforms {
namespace {

class Azure final : public Platform {
 public:
  const char* name() const override { return "azure"; }
  const char* summary() const override { return "Azure Functions, as a custom handler"; }
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    return std::unique_ptr<http::Service>(
        std::make_unique<azure::AzureAdapter>(std::move(context)));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter) const override {
    return std::unique_ptr<Emulator>(std::make_unique<azure::AzureEmulator>(adapter));
  }
};

}  // namespace

const Platform& azure_platform() {
  static const Azure platform;
  return platform;
}

}  // namespace ferry::platforms
