#include "platforms/knative/knative.h"

#include "platforms/knative/adapter.h"
#include "platforms/knative/emulator.h"

namespace ferry::platforms {
namespace {

class Knative final : public Platform {
 public:
  const char* name() const override { return "knative"; }
  const char* summary() const override { return "Knative and Cloud Run: CloudEvents in and out"; }
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    return std::unique_ptr<http::Service>(
        std::make_unique<knative::KnativeAdapter>(std::move(context)));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter) const override {
    return std::unique_ptr<Emulator>(std::make_unique<knative::KnativeEmulator>(adapter));
  }
};

}  // namespace

const Platform& knative_platform() {
  static const Knative platform;
  return platform;
}

}  // namespace ferry::platforms
