// How the package of one platform is made, for `ferry pack --for`; one per platform, static.
#pragma once

#include "packaging/parts.h"

namespace ferry::packaging {

// Which architectures a package can be for: any one, one or more (an index of images), or amd64
// alone: Azure runs function apps on nothing else.
enum class Cpus : unsigned char { kOne, kSeveral, kAmd64 };

struct Packaging {
  const char* name;        // of --for
  bool several = false;    // a package may hold more than one function
  bool has_image = false;  // there is an image, which can be pushed to a registry
  // Each event's environment has something of its own there: a snapshot must not freeze it.
  bool environment_varies = false;
  const char* triggers = nullptr;  // what --trigger may name; null: it means nothing
  Cpus cpus = Cpus::kOne;
  Status (*pack)(const PackOptions& options) = nullptr;
};

}  // namespace ferry::packaging
