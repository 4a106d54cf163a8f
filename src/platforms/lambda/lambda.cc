#include "platforms/lambda/lambda.h"

#include "platforms/lambda/adapter.h"
#include "platforms/lambda/emulator.h"
#include "platforms/lambda/runtime.h"

namespace ferry::platforms {
namespace {

class Lambda final : public Platform {
 public:
  const char* name() const override { return "lambda"; }
  const char* summary() const override { return "AWS Lambda, as a custom runtime"; }
  Sign sign() const override { return {"AWS_LAMBDA_RUNTIME_API", true}; }  // "Custom runtimes"
  Status serve(serve::Provider& provider, const serve::Options& options) const override {
    return lambda::serve(provider, options);
  }
  // Lambda is asked for work (lambda/runtime.h); the adapter answers what it handed over.
  const Rules& rules() const override { return lambda_rules(); }
  Result<std::unique_ptr<http::Service>> make_adapter(AdapterContext context) const override {
    FERRY_TRY(auto adapter, lambda::LambdaAdapter::make(std::move(context), {}));
    return std::unique_ptr<http::Service>(std::move(adapter));
  }
  Result<std::unique_ptr<Emulator>> make_emulator(http::Service& adapter,
                                                  EmulatorOptions options) const override {
    return lambda::make_lambda_emulator(adapter, options.log);
  }
  Result<std::unique_ptr<Emulator>> make_remote(std::unique_ptr<Wire> wire) const override {
    return lambda::make_remote_lambda(std::move(wire));
  }
};

}  // namespace

const Platform& lambda_platform() {
  static const Lambda platform;
  return platform;
}

}  // namespace ferry::platforms
