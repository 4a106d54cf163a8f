#include "commands/packed_function.h"

#include <fmt/format.h>

#include "packaging/signing.h"

namespace ferry::commands {
namespace {

Status check_settled(const std::string& path, const builder::FunctionOptions& options) {
  for (const auto& [given, name] : {std::pair(!options.engine.empty(), "--engine"),
                                    std::pair(!options.manifest.empty(), "--manifest")}) {
    if (given) {
      return Error{Code::kUsage,
                   fmt::format("{} is not possible with {}: a bundle has its own", name, path),
                   "pack the function again with it, or give its .wasm file"};
    }
  }
  return Done{};
}

}  // namespace

Result<PackedFunction> open_packed(const std::string& path,
                                   const builder::FunctionOptions& options) {
  const auto key = packaging::own_verify_key();
  if (!key.ok()) return builder::bundle_in_place_of_wasm(path);
  auto opened = bundle::open_bundle(path, *key);
  if (!opened.ok() && opened.error().code == Code::kDenied) {
    return builder::bundle_in_place_of_wasm(path);
  }
  PackedFunction out;
  FERRY_TRY(out.bundle, std::move(opened));
  FERRY_CHECK_OK(check_settled(path, options));
  const bundle::BundleInfo& info = out.bundle.info;
  out.function.name = info.function_name;
  out.function.digest = info.function_digest;
  out.function.path = path;
  FERRY_TRY(out.function.manifest,
            function::parse_manifest(info.manifest, "the manifest in " + path, options.sections));
  out.function.manifest.file_tree = info.files;
  FERRY_CHECK_OK(builder::apply_options(options, out.function));
  return out;
}

}  // namespace ferry::commands
