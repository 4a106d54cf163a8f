#include "packaging/image.h"

#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "packaging/push.h"

namespace ferry::packaging {
namespace {

// The longest name that Kubernetes takes (RFC 1123, a label).
constexpr std::size_t kMaxName = 63;

// Options of `docker run` for the variables that the function takes from the container's
// environment. The line is pasted into a shell, so other names than shells have are left out.
std::string variables_for(const function::Function& function) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  std::string out;
  for (const std::string& name : function.manifest.grants.env_from) {
    if (name.find_first_not_of(kPlain) == std::string::npos) {
      out += fmt::format("-e {} ", name);
    }
  }
  return out;
}

Status pack(const PackOptions& options) {
  FERRY_TRY(const PackedImage made, pack_image(options, {}));
  FERRY_CHECK_OK(write_mark(options, made.packed, "image"));
  say_image(options, made,
            fmt::format("  docker load -i {}/image.tar\n"
                        "  docker run --rm --read-only --cap-drop ALL -p 8080:8080 {}{}\n",
                        options.folder, variables_for(made.packed.function), made.tag));
  return push_packed(options, made.image);
}

}  // namespace

const Packaging& image_packaging() {
  static constexpr Packaging packaging{
      .name = "image", .has_image = true, .cpus = Cpus::kSeveral, .pack = pack};
  return packaging;
}

Result<PackedImage> pack_image(const PackOptions& options, std::vector<std::string> command) {
  PackedImage out;
  FERRY_TRY(out.packed, pack_function(options));
  out.name = image_tag({}, out.packed.function).substr(0, kMaxName);
  out.tag = image_tag(options, out.packed.function);
  ImageParts parts;
  parts.tag = out.tag;
  parts.command = std::move(command);
  FERRY_TRY(out.image, make_image(out.packed, parts));
  FERRY_CHECK_OK(write_into(options.folder, "image.tar", out.image.tar));
  return out;
}

void say_image(const PackOptions& options, const PackedImage& made, const std::string& next) {
  if (!options.common.quiet) {
    fmt::print(stderr, "ferry: {}/image.tar: image {} with {} ({}), {}\n{}", options.folder,
               made.tag, made.packed.function.name, made.packed.function.digest,
               function::format_size(made.image.tar.size()), next);
  }
}

}  // namespace ferry::packaging
