#include "platforms/openfaas/openfaas.h"

#include "platforms/openfaas/adapter.h"

namespace ferry::platforms {
namespace {

const Rules& openfaas_rules() {
  static const Rules rules{
      // Kubernetes, "Network Policies".
      .network =
          "it connects: the cluster's NetworkPolicies for the functions' namespace (openfaas-fn) "
          "apply, and a mesh's egress rules",
  };
  return rules;
}

class OpenFaas final : public Platform {
 public:
  const char* name() const override { return "openfaas"; }
  const char* summary() const override { return "OpenFaaS, with of-watchdog or without"; }
  Sign sign() const override { return {"OPENFAAS_NAME"}; }  // OpenFaaS, faas-netes
  const Rules& rules() const override { return openfaas_rules(); }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    return Adapter{std::make_unique<openfaas::OpenFaasAdapter>(std::move(context)), nullptr};
  }
};

}  // namespace

const Platform& openfaas_platform() {
  static const OpenFaas platform;
  return platform;
}

}  // namespace ferry::platforms
