#include "platforms/openfaas/openfaas.h"

#include <algorithm>
#include <array>

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

// The probes of faas-netes.
constexpr std::array<std::string_view, 2> kHealth{"/_/health", "/_/ready"};

bool is_call_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

class OpenFaas final : public Platform {
 public:
  const char* name() const override { return "openfaas"; }
  const char* summary() const override { return "OpenFaaS, with of-watchdog or without"; }
  Sign sign() const override { return {"OPENFAAS_NAME"}; }  // OpenFaaS, faas-netes
  const Rules& rules() const override { return openfaas_rules(); }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    return Adapter{std::make_unique<OpenFaasAdapter>(std::move(context)), nullptr};
  }
};

}  // namespace

OpenFaasAdapter::OpenFaasAdapter(AdapterContext context)
    : HttpAdapter(std::move(context), kHealth) {}

void OpenFaasAdapter::prepare(const http::Request& request, HttpCall& call) {
  const std::string_view id = request.field("x-call-id");
  if (!is_call_id(id)) {
    return;
  }
  call.invoke.invocation = id;
  if (request.field("x-request-id").empty()) {
    call.adjust = [id](event::Event& event) { event.id = id; };
  }
}

const Platform& openfaas_platform() {
  static const OpenFaas platform;
  return platform;
}

}  // namespace ferry::platforms
