#include "packaging/packaging.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "packaging/azure.h"
#include "packaging/containers.h"
#include "packaging/lambda.h"
#include "packaging/openwhisk.h"
#include "packaging/push.h"

namespace ferry::packaging {
namespace {

// An image for whatever runs containers.
Status pack_image(const PackOptions& options) {
  FERRY_TRY(const Packed packed, pack_function(options));
  const std::string tag = image_tag(options, packed.function);
  ImageParts parts;
  parts.tag = tag;
  FERRY_TRY(const package::Image image, make_image(packed, parts));
  FERRY_CHECK_OK(write_into(options.folder, "image.tar", image.tar));
  FERRY_CHECK_OK(write_mark(options, packed, "image"));
  if (!options.common.quiet) {
    fmt::print(stderr,
               "ferry: {}/image.tar: image {} with {} ({}), {}\n"
               "  docker load -i {}/image.tar\n"
               "  docker run --rm --read-only --cap-drop ALL -p 8080:8080 {}\n",
               options.folder, tag, packed.function.name, packed.function.digest,
               function::format_size(image.tar.size()), options.folder, tag);
  }
  return options.push.empty() ? Status(Done{}) : push_packed(options, image);
}

constexpr std::array kAll{
    Packaging{"image", false, true, false, Cpus::kSeveral, pack_image},
    Packaging{"lambda", true, false, false, Cpus::kOne, pack_for_lambda},
    Packaging{"openwhisk", false, true, false, Cpus::kAmd64, pack_for_openwhisk},
    Packaging{"knative", false, true, false, Cpus::kSeveral, pack_for_knative},
    Packaging{"azure", false, false, true, Cpus::kAmd64, pack_for_azure},
    Packaging{"openfaas", false, true, false, Cpus::kSeveral, pack_for_openfaas},
};

}  // namespace

std::span<const Packaging> packagings() { return kAll; }

const Packaging* find_packaging(std::string_view name) {
  const auto found = std::ranges::find(kAll, name, &Packaging::name);
  return found == kAll.end() ? nullptr : &*found;
}

}  // namespace ferry::packaging
