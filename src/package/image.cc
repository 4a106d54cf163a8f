#include "package/image.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/digest.h"
#include "event/json_text.h"
#include "package/tar.h"

namespace ferry::package {
namespace {

constexpr char kEpoch[] = "1970-01-01T00:00:00Z";

std::string list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    out += (out.size() > 1 ? "," : "") + event::json_string(item);
  }
  return out + "]";
}

std::string object(const std::map<std::string, std::string>& members) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", event::json_string(name),
                       event::json_string(value));
  }
  return out + "}";
}

Result<Bytes> write_layer(const ImageSpec& spec) {
  std::vector<const ImageFile*> files;
  std::set<std::string> folders;
  for (const ImageFile& file : spec.files) {
    files.push_back(&file);
    for (std::size_t slash = file.path.find('/'); slash != std::string::npos;
         slash = file.path.find('/', slash + 1)) {
      folders.insert(file.path.substr(0, slash));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const ImageFile* a, const ImageFile* b) { return a->path < b->path; });
  TarWriter tar;
  for (const std::string& folder : folders) {
    FERRY_CHECK_OK(tar.add_folder(folder));
  }
  for (const ImageFile* file : files) {
    FERRY_CHECK_OK(tar.add_file(file->path, file->bytes, file->mode));
  }
  return std::move(tar).finish();
}

// OCI image-spec 1.0, "Image Configuration".
std::string write_config(const ImageSpec& spec, const std::string& layer_digest) {
  return fmt::format(R"({{"architecture":{},"config":{{"Cmd":{},"Entrypoint":{},"Env":{},)"
                     R"("ExposedPorts":{{"{}/tcp":{{}}}},"Labels":{},"User":{},"WorkingDir":"/"}},)"
                     R"("created":"{}","history":[{{"created":"{}","created_by":"ferry pack"}}],)"
                     R"("os":"linux","rootfs":{{"diff_ids":["{}"],"type":"layers"}}}})",
                     event::json_string(spec.architecture), list(spec.command),
                     list(spec.entrypoint), list(spec.env), spec.port, object(spec.labels),
                     event::json_string(spec.user), kEpoch, kEpoch, layer_digest);
}

std::string blob_path(const std::string& digest) {
  return "blobs/sha256/" + digest.substr(digest.find(':') + 1);
}

bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_image_tag(std::string_view tag) {
  const std::size_t slash = tag.rfind('/');
  const std::size_t colon = tag.rfind(':');
  std::string_view name = tag;
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    std::string_view version = tag.substr(colon + 1);
    name = tag.substr(0, colon);
    const auto good = [](char c) {
      return is_name_char(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
    };
    if (version.empty() || version.size() > 128 || version[0] == '.' || version[0] == '-' ||
        !std::all_of(version.begin(), version.end(), good)) {
      return false;
    }
  }
  if (name.empty() || name.size() > 255 || !is_name_char(name.front()) ||
      !is_name_char(name.back())) {
    return false;
  }
  // A separator stands alone between letters and digits; ':' for a registry's port.
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool separator = std::string_view("/._-:").find(name[i]) != std::string_view::npos;
    if (!is_name_char(name[i]) && (!separator || !is_name_char(name[i + 1]))) {
      return false;
    }
  }
  return true;
}

Result<Image> write_image(const ImageSpec& spec) {
  if (!is_image_tag(spec.tag)) {
    return Error{Code::kUsage, fmt::format("'{}' is no name for an image", spec.tag),
                 "lower-case letters and digits, as in registry.example.com/team/hello:1.0"};
  }
  FERRY_TRY(Bytes layer, write_layer(spec));
  const std::string layer_digest = digest_of(layer);
  std::string config = write_config(spec, layer_digest);
  const std::string config_digest = digest_of(as_bytes(config));
  std::string manifest = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}",)"
      R"("size":{}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar",)"
      R"("digest":"{}","size":{}}}]}})",
      config_digest, config.size(), layer_digest, layer.size());
  Image image;
  image.digest = digest_of(as_bytes(manifest));
  const std::string index = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
      R"("manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("digest":"{}","size":{},"annotations":{{"org.opencontainers.image.ref.name":{},)"
      R"("io.containerd.image.name":{}}},"platform":{{"architecture":{},"os":"linux"}}}}]}})",
      image.digest, manifest.size(), event::json_string(spec.tag), event::json_string(spec.tag),
      event::json_string(spec.architecture));
  const std::string tag = spec.tag.find(':', spec.tag.rfind('/') + 1) == std::string::npos
                              ? spec.tag + ":latest"
                              : spec.tag;
  const std::string docker =
      fmt::format(R"([{{"Config":"{}","RepoTags":[{}],"Layers":["{}"]}}])",
                  blob_path(config_digest), event::json_string(tag), blob_path(layer_digest));

  TarWriter tar;
  FERRY_CHECK_OK(tar.add_folder("blobs"));
  FERRY_CHECK_OK(tar.add_folder("blobs/sha256"));
  FERRY_CHECK_OK(tar.add_file(blob_path(config_digest), as_bytes(config)));
  FERRY_CHECK_OK(tar.add_file(blob_path(layer_digest), layer));
  FERRY_CHECK_OK(tar.add_file(blob_path(image.digest), as_bytes(manifest)));
  FERRY_CHECK_OK(tar.add_file("index.json", as_bytes(index)));
  FERRY_CHECK_OK(tar.add_file("manifest.json", as_bytes(docker)));
  FERRY_CHECK_OK(tar.add_file("oci-layout", as_bytes(R"({"imageLayoutVersion":"1.0.0"})")));
  image.tar = std::move(tar).finish();
  image.manifest = std::move(manifest);
  image.config = std::move(config);
  image.layer = std::move(layer);
  return image;
}

}  // namespace ferry::package
