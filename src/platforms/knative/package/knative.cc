// ferry pack --for knative: an image, and what is applied to a cluster: a Service of Knative
// Serving (Cloud Run takes the same), and a Trigger of Knative Eventing. docs/knative.md.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "packaging/image.h"
#include "packaging/push.h"
#include "platforms/knative/adapter.h"

namespace ferry::packaging {
namespace {

// Knative's own defaults: max-revision-timeout-seconds.
constexpr std::int64_t kMaxSeconds = 600;
// ferry-host's own, beside the guests' memories.
constexpr std::uint64_t kOursMiB = 64;
// Guests at once for which room is made; more wait, or Knative starts another container.
constexpr std::uint64_t kRoomFor = 4;

std::string service_yaml(const function::Function& function, const std::string& name,
                         const std::string& image) {
  const function::Limits& limits = function.manifest.limits;
  // A little more than the function's own limit, so that it is answered for and not cut off.
  const std::int64_t seconds = std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(limits.timeout).count() + 1, 2, kMaxSeconds);
  return fmt::format(
      R"(# Written by ferry pack --for knative. kubectl apply -f service.yaml
# Cloud Run: gcloud run services replace service.yaml (without securityContext: it has its own)
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: {name}
  annotations:
    ferry/digest: "{digest}"
spec:
  template:
    spec:
      containerConcurrency: {concurrency}
      timeoutSeconds: {seconds}
      containers:
        - image: "{image}"
          ports:
            - containerPort: 8080
          readinessProbe:
            httpGet:
              path: {ready}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop: ["ALL"]
            runAsNonRoot: true
            seccompProfile:
              type: RuntimeDefault
          resources:
            limits:
              memory: {memory}Mi
)",
      fmt::arg("name", name), fmt::arg("digest", function.digest), fmt::arg("image", image),
      fmt::arg("seconds", seconds),
      fmt::arg("concurrency", std::clamp(limits.concurrency, 1u, 1000u)),
      fmt::arg("ready", platforms::knative::kReadyPath),
      fmt::arg("memory", kOursMiB + kRoomFor * ((limits.memory + (1u << 20) - 1) >> 20)));
}

std::string trigger_yaml(const std::string& name) {
  return fmt::format(
      R"(# Written by ferry pack --for knative. kubectl apply -f trigger.yaml
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: {0}
spec:
  broker: default
  # All events of the broker. To take one type alone:
  # filter:
  #   attributes:
  #     type: com.example.order.placed
  subscriber:
    ref:
      apiVersion: serving.knative.dev/v1
      kind: Service
      name: {0}
)",
      name);
}

// image.tar, service.yaml, trigger.yaml.
Status pack(const PackOptions& options) {
  FERRY_TRY(const PackedImage made, pack_image(options, {"--platform", "knative"}));
  FERRY_CHECK_OK(push_packed(options, made.image));
  const std::string service = service_yaml(made.packed.function, made.name, made.tag);
  FERRY_CHECK_OK(write_into(options.folder, "service.yaml", as_bytes(service)));
  FERRY_CHECK_OK(write_into(options.folder, "trigger.yaml", as_bytes(trigger_yaml(made.name))));
  FERRY_CHECK_OK(write_mark(options, made.packed, "knative"));
  say_image(options, made,
            fmt::format("  docker load -i {0}/image.tar && docker push {1}\n"
                        "  kubectl apply -f {0}/service.yaml -f {0}/trigger.yaml\n",
                        options.folder, made.tag));
  return Done{};
}

}  // namespace

const Packaging& knative_packaging() {
  static constexpr Packaging packaging{
      .name = "knative", .has_image = true, .cpus = Cpus::kSeveral, .pack = pack};
  return packaging;
}

}  // namespace ferry::packaging
