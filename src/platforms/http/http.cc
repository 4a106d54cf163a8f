#include "platforms/http/http.h"

#include "platforms/http/adapter.h"
#include "platforms/http/emulator.h"
#include "serve/front.h"

namespace ferry::platforms {
namespace {

class Http final : public Platform {
 public:
  const char* name() const override { return "http"; }
  const char* summary() const override { return "HTTP requests and CloudEvents over HTTP"; }
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    return std::unique_ptr<http::Service>(std::make_unique<HttpAdapter>(std::move(context)));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter,
                                                  EmulatorOptions options) const override {
    FERRY_TRY(auto wire, make_loopback(adapter, serve::front_options(options.limits)));
    return std::unique_ptr<Emulator>(std::make_unique<HttpEmulator>(std::move(wire), options.log));
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return std::unique_ptr<Emulator>(std::make_unique<HttpEmulator>(std::move(wire), nullptr));
  }
};

}  // namespace

const Platform& http_platform() {
  static const Http platform;
  return platform;
}

}  // namespace ferry::platforms
