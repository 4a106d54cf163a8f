#include "platforms/azure/azure.h"

#include "platforms/azure/adapter.h"

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
  Result<Adapter> make_adapter(AdapterContext context) const override {
    return Adapter{std::make_unique<azure::AzureAdapter>(std::move(context)), nullptr};
  }
};

}  // namespace

const Platform& azure_platform() {
  static const Azure platform;
  return platform;
}

}  // namespace ferry::platforms
