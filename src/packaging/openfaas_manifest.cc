#include "packaging/openfaas_manifest.h"

#include <fmt/format.h>

namespace ferry::packaging::openfaas {
namespace {

// ferry-host's own, beside the guests' memories; and guests at once for which room is made.
constexpr std::uint64_t kOursMiB = 64;
constexpr std::uint64_t kRoomFor = 4;

}  // namespace

std::string stack_yaml(const function::Function& function, const std::string& name,
                       const std::string& image) {
  return fmt::format(
      R"(# Written by ferry pack --for openfaas. faas-cli deploy -f stack.yml
version: "1.0"
provider:
  name: openfaas
  gateway: http://127.0.0.1:8080
functions:
  {name}:
    image: "{image}"
    skip_build: true
    readonly_root_filesystem: true
    annotations:
      ferry/digest: "{digest}"
      com.openfaas.health.http.path: /_/health
      com.openfaas.ready.http.path: /_/ready
    limits:
      memory: {memory}Mi
)",
      fmt::arg("name", name), fmt::arg("image", image), fmt::arg("digest", function.digest),
      fmt::arg("memory",
               kOursMiB + kRoomFor * ((function.manifest.limits.memory + (1u << 20) - 1) >> 20)));
}

}  // namespace ferry::packaging::openfaas
