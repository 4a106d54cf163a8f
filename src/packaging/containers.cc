#include "packaging/containers.h"

#include <cstdio>

#include <fmt/format.h>

#include "packaging/knative_manifest.h"
#include "packaging/openfaas_manifest.h"
#include "packaging/push.h"

namespace ferry::packaging {
namespace {

struct Made {
  Packed packed;
  std::string name;  // of the function on the platform
  std::string tag;
  std::size_t size = 0;
};

// The name of a thing in Kubernetes: of a tag's own characters, what is behind the last '/' and
// before the version.
std::string plain_name(const function::Function& function) {
  std::string out = image_tag({}, function);
  return out.substr(0, 63);
}

Result<Made> pack_image(const PackOptions& options, const std::string& platform) {
  Made out;
  FERRY_TRY(out.packed, pack_function(options));
  out.name = plain_name(out.packed.function);
  out.tag = image_tag(options, out.packed.function);
  ImageParts parts;
  parts.tag = out.tag;
  parts.command = {"--platform", platform};
  FERRY_TRY(const package::Image image, make_image(out.packed, parts));
  out.size = image.tar.size();
  FERRY_CHECK_OK(write_into(options.folder, "image.tar", image.tar));
  if (!options.push.empty()) {
    FERRY_CHECK_OK(push_packed(options, image));
  }
  return out;
}

void tell(const PackOptions& options, const Made& made, const std::string& rest) {
  if (!options.common.quiet) {
    fmt::print(stderr,
               "ferry: {0}/image.tar: image {1} with {2} ({3}), {4}\n"
               "  docker load -i {0}/image.tar && docker push {1}\n{5}",
               options.folder, made.tag, made.packed.function.name, made.packed.function.digest,
               function::format_size(made.size), rest);
  }
}

}  // namespace

Status pack_for_knative(const PackOptions& options) {
  FERRY_TRY(const Made made, pack_image(options, "knative"));
  const std::string service = knative::service_yaml(made.packed.function, made.name, made.tag);
  FERRY_CHECK_OK(write_into(options.folder, "service.yaml", as_bytes(service)));
  FERRY_CHECK_OK(
      write_into(options.folder, "trigger.yaml", as_bytes(knative::trigger_yaml(made.name))));
  FERRY_CHECK_OK(write_mark(options, made.packed, "knative"));
  tell(options, made,
       fmt::format("  kubectl apply -f {0}/service.yaml -f {0}/trigger.yaml\n", options.folder));
  return Done{};
}

Status pack_for_openfaas(const PackOptions& options) {
  FERRY_TRY(const Made made, pack_image(options, "openfaas"));
  FERRY_CHECK_OK(
      write_into(options.folder, "stack.yml",
                 as_bytes(openfaas::stack_yaml(made.packed.function, made.name, made.tag))));
  FERRY_CHECK_OK(write_mark(options, made.packed, "openfaas"));
  tell(options, made, fmt::format("  faas-cli deploy -f {}/stack.yml\n", options.folder));
  return Done{};
}

}  // namespace ferry::packaging
