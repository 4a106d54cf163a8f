// ferry pack --for openwhisk: what a user of OpenWhisk sends, and what its operator installs once.
// docs/openwhisk.md.
#include <algorithm>
#include <cstdio>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "packaging/packaging.h"
#include "packaging/push.h"

namespace ferry::packaging {
namespace {

namespace json = boost::json;

constexpr char kKind[] = "wasm:1";
constexpr char kPrefix[] = "ferry";
constexpr char kImage[] = "action-wasm";
constexpr char kTag[] = "1";

// What an installation of OpenWhisk allows unless its operator says otherwise.
constexpr std::uint64_t kMaxCode = 48ull << 20;
constexpr std::int64_t kMaxTimeoutMs = 300'000;
constexpr std::int64_t kMinTimeoutMs = 100;

std::string action_json(const Packed& packed) {
  const function::Limits& limits = packed.function.manifest.limits;
  const auto timeout =
      std::clamp<std::int64_t>(limits.timeout.count(), kMinTimeoutMs, kMaxTimeoutMs);
  json::object action{
      {"namespace", "_"},
      {"name", packed.function.name},
      {"exec", json::object{{"kind", kKind},
                            {"main", packed.function.name},
                            {"binary", true},
                            {"code", to_base64(packed.bundle())}}},
      {"limits", json::object{{"timeout", timeout}}},
      {"annotations",
       json::array{json::object{{"key", "ferry-digest"}, {"value", packed.function.digest}},
                   json::object{{"key", "provide-api-key"}, {"value", false}}}}};
  return json::serialize(action) + "\n";
}

// docs/actions-new.md, "Runtimes manifest"; stem cells are containers started ahead.
std::string runtimes_json(const std::string& image) {
  const std::size_t slash = image.rfind('/');
  const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
  const std::size_t colon = std::min(image.find(':', start), image.size());
  const std::string tag = colon < image.size() ? image.substr(colon + 1) : "latest";
  json::object where{{"name", image.substr(start, colon - start)}, {"tag", tag}};
  if (slash != std::string::npos) {
    where["prefix"] = image.substr(0, slash);
  }
  json::object kind{
      {"kind", kKind},
      {"default", true},
      {"deprecated", false},
      {"attached", json::object{{"attachmentName", "codefile"},
                                {"attachmentType", "application/octet-stream"}}},
      {"image", std::move(where)},
      {"stemCells", json::array{json::object{{"initialCount", 2}, {"memory", "256 MB"}}}}};
  return json::serialize(
             json::object{{"runtimes", json::object{{"wasm", json::array{std::move(kind)}}}}}) +
         "\n";
}

// NAME.ferry, action.json (the body of PUT /api/v1/namespaces/_/actions/NAME), and for the
// operator runtimes.json (the entry of the runtimes manifest) and image.tar (the kind's image).
Status pack(const PackOptions& options) {
  FERRY_TRY(const Packed packed, pack_function(options));
  if (packed.bundle().size() > kMaxCode) {
    return Error{
        Code::kLimit,
        fmt::format("the bundle has {}, and OpenWhisk takes code of {} at most",
                    function::format_size(packed.bundle().size()), function::format_size(kMaxCode)),
        "make an image of it (--for image) and create the action from that"};
  }
  ImageParts parts;
  parts.tag = options.tag.empty() ? fmt::format("{}/{}:{}", kPrefix, kImage, kTag) : options.tag;
  parts.program = "ferry-host-full";
  parts.command = {"--platform", "openwhisk"};
  parts.with_function = false;
  FERRY_TRY(const package::Image image, make_image(packed, parts));
  const std::string& folder = options.folder;
  const std::string action = action_json(packed);
  const std::string runtimes = runtimes_json(parts.tag);
  const std::string bundle_name = packed.function.name + ".ferry";
  FERRY_CHECK_OK(write_into(folder, bundle_name, packed.bundle()));
  FERRY_CHECK_OK(write_into(folder, "ferry.pub", as_bytes(packed.key)));
  FERRY_CHECK_OK(write_into(folder, "action.json", as_bytes(action)));
  FERRY_CHECK_OK(write_into(folder, "runtimes.json", as_bytes(runtimes)));
  FERRY_CHECK_OK(write_into(folder, "image.tar", image.tar));
  FERRY_CHECK_OK(write_mark(options, packed, "openwhisk"));
  if (!options.common.quiet) {
    fmt::print(stderr,
               "ferry: {0}/action.json creates the action '{1}' ({2})\n"
               "  ferry deploy {0}\n"
               "ferry: once, by the operator: {0}/image.tar is the image {3} ({4}), "
               "{0}/runtimes.json the kind '{5}'\n",
               folder, packed.function.name, function::format_size(packed.bundle().size()),
               parts.tag, function::format_size(image.tar.size()), kKind);
  }
  return push_packed(options, image);
}

}  // namespace

const Packaging& openwhisk_packaging() {
  static constexpr Packaging packaging{.name = "openwhisk", .has_image = true, .pack = pack};
  return packaging;
}

}  // namespace ferry::packaging
