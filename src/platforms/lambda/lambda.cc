#include "platforms/lambda/adapter.h"
#include "platforms/lambda/runtime.h"

namespace ferry::platforms {
namespace {

// Lambda quotas (AWS documentation, "Lambda quotas").
const Rules& lambda_rules() {
  static const Rules rules{
      .source = "AWS documentation, Lambda quotas",
      .code = 250ull << 20,
      .input = 6ull << 20,
      .output = 6ull << 20,
      .memory = 10'240ull << 20,
      .timeout = std::chrono::minutes(15),
      .folders = {"/tmp", "/mnt", "/opt", "/var/task"},
      .cgi =
          "status and headers reach HTTP sources (API Gateway, load balancers, function URLs); "
          "others get them as one JSON object",
      // "Giving Lambda functions access to resources in an Amazon VPC".
      .network =
          "it connects: a function outside a VPC reaches public addresses alone; one in a VPC "
          "(VpcConfig) reaches what its subnets and security groups let it, and the Internet "
          "through a NAT gateway",
  };
  return rules;
}

class Lambda final : public Platform {
 public:
  const char* name() const override { return "lambda"; }
  const char* summary() const override { return "AWS Lambda, as a custom runtime"; }
  Sign sign() const override { return {"AWS_LAMBDA_RUNTIME_API", true}; }  // "Custom runtimes"
  bool environment_varies() const override { return true; }                // the trace id
  Status serve(serve::Provider& provider, const serve::Options& options) const override {
    return lambda::serve(provider, options);
  }
  const function::Section* section() const override { return &lambda::kSection; }
  const Rules& rules() const override { return lambda_rules(); }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    FERRY_TRY(auto adapter, lambda::LambdaAdapter::make(std::move(context), {}));
    return Adapter{nullptr, std::move(adapter)};
  }
};

}  // namespace

const Platform& lambda_platform() {
  static const Lambda platform;
  return platform;
}

}  // namespace ferry::platforms
