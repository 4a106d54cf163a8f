// What `ferry pack --for` can make: one row for each platform that is packed for, in packaging.cc.
#pragma once

#include <span>
#include <string_view>

#include "packaging/parts.h"

namespace ferry::packaging {

// Which architectures a package can be for: any one, one or more (an index of images), or amd64
// alone: Azure runs function apps on nothing else, and OpenWhisk's image has the compiler, which is
// not built for arm64.
enum class Cpus : unsigned char { kOne, kSeveral, kAmd64 };

struct Packaging {
  const char* name;  // of --for
  bool several;      // a package may hold more than one function
  bool has_image;    // there is an image, which can be pushed to a registry
  bool has_triggers;
  Cpus cpus;
  Status (*pack)(const PackOptions& options);
};

std::span<const Packaging> packagings();
// Null when there is none of that name.
const Packaging* find_packaging(std::string_view name);

}  // namespace ferry::packaging
