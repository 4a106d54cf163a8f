// A container image of one layer, for one kind of CPU or several, written without any daemon: an
// OCI image layout (image-spec 1.0) inside a tar, with the manifest.json beside it that `docker
// load` reads. The same input gives the same bytes. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace ferry::package {

struct ImageFile {
  std::string path;  // "ferry/hello.ferry": relative to the image's root
  Bytes bytes;
  unsigned mode = 0644;
};

struct ImageSpec {
  std::string tag;  // "hello:latest"
  std::vector<ImageFile> files;
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::vector<std::string> env;  // "K=V"
  std::map<std::string, std::string> labels;
  std::string user = "65532:65532";  // nobody's; never root
  std::uint16_t port = 8080;
  std::string architecture = "amd64";
};

// An image for one kind of CPU.
struct PlatformImage {
  std::string digest;  // of the manifest: "sha256:…"
  std::string manifest;
  std::string config;
  Bytes layer;
};

struct Image {
  Bytes tar;
  std::string digest;  // of the manifest or, for several kinds of CPU, of the index
  // What the tar holds, for a registry.
  std::vector<PlatformImage> platforms;
  std::string index;  // empty where there is one platform
};

// One specification for each architecture, all with the same tag. `docker load` without
// containerd's image store takes the first one alone.
Result<Image> write_image(std::span<const ImageSpec> specs);

// Whether `docker load` and registries take it: lower-case name parts, an optional :tag.
bool is_image_tag(std::string_view tag);

}  // namespace ferry::package
