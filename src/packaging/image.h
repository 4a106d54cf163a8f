// An image with one function, which several platforms run: `ferry pack --for image`, and the part
// of other packages that is an image.
#pragma once

#include <string>
#include <vector>

#include "packaging/packaging.h"

namespace ferry::packaging {

const Packaging& image_packaging();

struct PackedImage {
  Packed packed;
  package::Image image;
  std::string tag;
  std::string name;  // of the function, as Kubernetes takes names
};

// Packs the function and writes image.tar. `command`: ferry-host's arguments.
Result<PackedImage> pack_image(const PackOptions& options, std::vector<std::string> command);

// Says on stderr what was made, unless quiet; `next` is lines with what to do with it.
void say_image(const PackOptions& options, const PackedImage& made, const std::string& next);

}  // namespace ferry::packaging
