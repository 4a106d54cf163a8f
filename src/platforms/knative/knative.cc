#include "platforms/knative/knative.h"

#include "platforms/knative/adapter.h"

namespace ferry::platforms {
namespace {

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
