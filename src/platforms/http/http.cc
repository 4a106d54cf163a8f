#include "platforms/http/adapter.h"

namespace ferry::platforms {
namespace {

class Http final : public Platform {
 public:
  const char* name() const override { return "http"; }
  const char* summary() const override { return "HTTP requests and CloudEvents over HTTP"; }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    return Adapter{std::make_unique<HttpAdapter>(std::move(context)), nullptr};
  }
};

}  // namespace

const Platform& http_platform() {
  static const Http platform;
  return platform;
}

}  // namespace ferry::platforms
