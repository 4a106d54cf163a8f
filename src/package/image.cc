#include "package/image.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/digest.h"
#include "event/json_text.h"
#include "package/tar.h"

namespace ferry::package {
namespace {

constexpr char kManifestType[] = "application/vnd.oci.image.manifest.v1+json";
constexpr char kIndexType[] = "application/vnd.oci.image.index.v1+json";
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

// A content descriptor (image-spec 1.0, "OCI Content Descriptors") with further members.
std::string descriptor(std::string_view type, std::string_view digest, std::size_t size,
                       std::string_view more) {
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{},{}}})", type, digest, size,
                     more);
}

std::string index_of(std::string_view descriptors) {
  return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", kIndexType,
                     descriptors);
}

Result<PlatformImage> write_platform(const ImageSpec& spec) {
  PlatformImage out;
  FERRY_TRY(out.layer, write_layer(spec));
  const std::string layer_digest = digest_of(out.layer);
  out.config = write_config(spec, layer_digest);
  out.manifest = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}",)"
      R"("config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}",)"
      R"("size":{}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar",)"
      R"("digest":"{}","size":{}}}]}})",
      kManifestType, digest_of(as_bytes(out.config)), out.config.size(), layer_digest,
      out.layer.size());
  out.digest = digest_of(as_bytes(out.manifest));
  return out;
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

Result<Image> write_image(std::span<const ImageSpec> specs) {
  if (specs.empty()) return Error{Code::kInternal, "an image for no CPU", ""};
  const std::string& tag = specs.front().tag;
  if (!is_image_tag(tag)) {
    return Error{Code::kUsage, fmt::format("'{}' is no name for an image", tag),
                 "lower-case letters and digits, as in registry.example.com/team/hello:1.0"};
  }
  const bool several = specs.size() > 1;
  const std::string names = fmt::format(R"("annotations":{{"org.opencontainers.image.ref.name":{},)"
                                        R"("io.containerd.image.name":{}}})",
                                        event::json_string(tag), event::json_string(tag));
  Image image;
  std::string descriptors;
  for (const ImageSpec& spec : specs) {
    FERRY_TRY(PlatformImage platform, write_platform(spec));
    descriptors +=
        (descriptors.empty() ? "" : ",") +
        descriptor(kManifestType, platform.digest, platform.manifest.size(),
                   fmt::format(R"({}"platform":{{"architecture":{},"os":"linux"}})",
                               several ? "" : names + ",", event::json_string(spec.architecture)));
    image.platforms.push_back(std::move(platform));
  }
  std::map<std::string, ByteView> blobs;  // by path; two architectures may share one
  for (const PlatformImage& platform : image.platforms) {
    blobs[blob_path(digest_of(as_bytes(platform.config)))] = as_bytes(platform.config);
    blobs[blob_path(digest_of(platform.layer))] = platform.layer;
    blobs[blob_path(platform.digest)] = as_bytes(platform.manifest);
  }
  image.digest = image.platforms.front().digest;
  if (several) {
    image.index = index_of(descriptors);
    image.digest = digest_of(as_bytes(image.index));
    blobs[blob_path(image.digest)] = as_bytes(image.index);
    descriptors = descriptor(kIndexType, image.digest, image.index.size(), names);
  }
  const PlatformImage& first = image.platforms.front();
  const std::string whole_tag =
      tag.find(':', tag.rfind('/') + 1) == std::string::npos ? tag + ":latest" : tag;
  const std::string docker =
      fmt::format(R"([{{"Config":"{}","RepoTags":[{}],"Layers":["{}"]}}])",
                  blob_path(digest_of(as_bytes(first.config))), event::json_string(whole_tag),
                  blob_path(digest_of(first.layer)));

  TarWriter tar;
  FERRY_CHECK_OK(tar.add_folder("blobs"));
  FERRY_CHECK_OK(tar.add_folder("blobs/sha256"));
  for (const auto& [path, bytes] : blobs) {
    FERRY_CHECK_OK(tar.add_file(path, bytes));
  }
  FERRY_CHECK_OK(tar.add_file("index.json", as_bytes(index_of(descriptors))));
  FERRY_CHECK_OK(tar.add_file("manifest.json", as_bytes(docker)));
  FERRY_CHECK_OK(tar.add_file("oci-layout", as_bytes(R"({"imageLayoutVersion":"1.0.0"})")));
  image.tar = std::move(tar).finish();
  return image;
}

}  // namespace ferry::package
