// How the package of one platform is made, for `ferry pack --for`; one per platform, static.
#pragma once

#include "packaging/parts.h"

namespace ferry::packaging {

// Which architectures a package can be for: any one, one or more (an index of images), or amd64
// alone: Azure runs function apps on nothing else, and OpenWhisk's image has the compiler, which is
// not built for arm64.
enum class Cpus : unsigned char { kOne, kSeveral, kAmd64 };

struct Packaging {
  const char* name;           // of --for
  bool several = false;       // a package may hold more than one function
  bool has_image = false;     // there is an image, which can be pushed to a registry
  bool has_triggers = false;  // --trigger means something
  Cpus cpus = Cpus::kOne;
  Status (*pack)(const PackOptions& options) = nullptr;
};

}  // namespace ferry::packaging
