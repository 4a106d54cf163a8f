#include "platforms/openwhisk/openwhisk.h"

#include "platforms/openwhisk/serve.h"

namespace ferry::platforms {
namespace openwhisk {
namespace {

constexpr std::uint32_t kAtOnce = 256;            // activations; OpenWhisk's own limit is below it
constexpr std::uint64_t kMaxBody = 128ull << 20;  // code of 48 MiB in base64, twice over

}  // namespace

http::ServerOptions front_options() {
  http::ServerOptions options;
  options.reader.body = kMaxBody;
  options.lanes = {{kAtOnce}};
  options.max_running = kAtOnce;
  options.max_queued = 1024;
  options.max_held = 4 * kMaxBody;
  // The invoker keeps its connections while the container is paused, and does not repeat a /run
  // whose connection was closed under it.
  options.idle_timeout = std::chrono::hours(24);
  return options;
}

engine::EngineOptions engine_options() {
  engine::EngineOptions options;
  options.variant = "portable";         // what bundles are made for
  options.max_instances = kAtOnce + 1;  // one shows what the others are reset to
  return options;
}

}  // namespace openwhisk

namespace {

// docs/reference.md of Apache OpenWhisk, "System limits"; operators may set others.
const Rules& openwhisk_rules() {
  static const Rules rules{
      .source = "Apache OpenWhisk, docs/reference.md, System limits",
      .code = 48ull << 20,
      .input = 1ull << 20,
      .output = 1ull << 20,
      .memory = 512ull << 20,
      .timeout = std::chrono::minutes(5),
      .no_folders = "the container of an action has none, and nothing can be mounted",
      .cgi =
          "status and headers reach the callers of web actions; others get them as one JSON "
          "object",
      // Apache OpenWhisk, docs/actions.md; the containers' network is the operator's choice.
      .network =
          "it connects: an action's container is in the network that the operator gave the "
          "invokers; on Kubernetes its NetworkPolicies apply",
  };
  return rules;
}

class OpenWhisk final : public Platform {
 public:
  const char* name() const override { return "openwhisk"; }
  const char* summary() const override { return "Apache OpenWhisk: /init and /run"; }
  Sign sign() const override { return {"__OW_API_HOST"}; }  // the invoker's container proxy
  bool announces() const override { return false; }
  bool environment_varies() const override { return true; }  // __OW_ACTIVATION_ID and its kin
  Status serve(serve::Provider& provider, const serve::Options& options) const override {
    return openwhisk::serve(provider, options);
  }
  const Rules& rules() const override { return openwhisk_rules(); }
  Result<Adapter> make_adapter(AdapterContext context) const override {
    openwhisk::AdapterOptions options;
    options.out = context.log == nullptr ? -1 : context.out;
    options.err = context.log == nullptr ? -1 : context.err;
    return Adapter{std::make_unique<openwhisk::OpenWhiskAdapter>(std::move(context), options),
                   nullptr};
  }
};

}  // namespace

const Platform& openwhisk_platform() {
  static const OpenWhisk platform;
  return platform;
}

}  // namespace ferry::platforms
