#include "platforms/azure/azure.h"

#include "platforms/azure/adapter.h"
#include "platforms/azure/emulator.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

constexpr char kPortVariable[] = "FUNCTIONS_CUSTOMHANDLER_PORT";

class Azure final : public Platform {
 public:
  const char* name() const override { return "azure"; }
  const char* summary() const override { return "Azure Functions, as a custom handler"; }
  // Azure Functions, "Custom handlers".
  Sign sign() const override { return {kPortVariable, true}; }
  // Azure's host calls from the same machine, and nobody else should.
  std::string default_listen(const Lookup& env) const override {
    return listen_on_port_of(kPortVariable, "127.0.0.1", env);
  }
  const Rules& rules() const override { return azure_rules(); }
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    return std::unique_ptr<http::Service>(
        std::make_unique<azure::AzureAdapter>(std::move(context)));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(adapter, serve::front_options(options.limits)));
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
