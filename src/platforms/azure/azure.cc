#include "platforms/azure/adapter.h"

namespace ferry::platforms {
namespace {

constexpr char kPortVariable[] = "FUNCTIONS_CUSTOMHANDLER_PORT";

// Azure Functions, "scale and hosting", the consumption plan.
const Rules& azure_rules() {
  static const Rules rules{
      .source = "Microsoft Learn, Azure Functions scale and hosting, consumption plan",
      .code = 1ull << 30,
      .input = 210'000'000,
      .memory = 1536ull << 20,
      .timeout = std::chrono::minutes(10),
      .folders = {"/tmp", "/home"},
      .cgi = "status and headers reach callers of the HTTP trigger alone",
      .cloudevent =
          "of triggers that are not HTTP, the reply goes to the output binding as the "
          "event's JSON form",
      // "Azure Functions networking options", and the limits of "scale and hosting".
      .network =
          "it connects: private addresses need virtual network integration, which the consumption "
          "plan does not have (Flex Consumption, Premium and dedicated plans do); an instance of "
          "it has 600 active outbound connections at most",
  };
  return rules;
}

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
