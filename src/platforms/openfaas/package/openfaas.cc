// ferry pack --for openfaas: an image, and stack.yml, by which faas-cli deploys it.
// docs/openfaas.md.
#include <fmt/format.h>

#include "packaging/image.h"
#include "packaging/push.h"

namespace ferry::packaging {
namespace {

// ferry-host's own, beside the guests' memories; and guests at once for which room is made.
constexpr std::uint64_t kOursMiB = 64;
constexpr std::uint64_t kRoomFor = 4;

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

// image.tar, stack.yml.
Status pack(const PackOptions& options) {
  FERRY_TRY(const PackedImage made, pack_image(options, {"--platform", "openfaas"}));
  FERRY_CHECK_OK(push_packed(options, made.image));
  const std::string stack = stack_yaml(made.packed.function, made.name, made.tag);
  FERRY_CHECK_OK(write_into(options.folder, "stack.yml", as_bytes(stack)));
  FERRY_CHECK_OK(write_mark(options, made.packed, "openfaas"));
  say_image(options, made,
            fmt::format("  docker load -i {0}/image.tar && docker push {1}\n"
                        "  faas-cli deploy -f {0}/stack.yml\n",
                        options.folder, made.tag));
  return Done{};
}

}  // namespace

const Packaging& openfaas_packaging() {
  static constexpr Packaging packaging{
      .name = "openfaas", .has_image = true, .cpus = Cpus::kSeveral, .pack = pack};
  return packaging;
}

}  // namespace ferry::packaging
