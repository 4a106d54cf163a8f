#include "platforms/knative/adapter.h"

namespace ferry::platforms {
namespace {

// Knative's defaults (config-defaults: max-revision-timeout-seconds), and Cloud Run's quotas, which
// are narrower otherwise.
const Rules& knative_rules() {
  static const Rules rules{
      .source = "Knative config-defaults; Google Cloud, Cloud Run quotas",
      .input = 32ull << 20,
      .output = 32ull << 20,
      .memory = 32ull << 30,
      .timeout = std::chrono::minutes(10),
      .cgi =
          "a broker takes events alone: where an event was sent, the answer is marked as one, "
          "and its status counts only as done or to be repeated",
      // Kubernetes, "Network Policies"; Google Cloud, "Private networking and Cloud Run".
      .network =
          "it connects: the cluster's NetworkPolicies and its mesh's egress rules apply; on Cloud "
          "Run private addresses need Direct VPC egress or a VPC connector",
  };
  return rules;
}

class Knative final : public Platform {
 public:
  const char* name() const override { return "knative"; }
  const char* summary() const override { return "Knative and Cloud Run: CloudEvents in and out"; }
  Sign sign() const override { return {"K_SERVICE"}; }  // Knative Serving, runtime contract
  const Rules& rules() const override { return knative_rules(); }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    return Adapter{std::make_unique<knative::KnativeAdapter>(std::move(context)), nullptr};
  }
};

}  // namespace

const Platform& knative_platform() {
  static const Knative platform;
  return platform;
}

}  // namespace ferry::platforms
