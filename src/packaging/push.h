// ferry pack --push: the image just packed, to a registry, with docker's login.
#pragma once

#include <string>

#include "packaging/parts.h"

namespace ferry::packaging {

// To PackOptions::push; does nothing where that is empty. Progress goes to stderr, the name by
// digest to stdout.
Status push_packed(const PackOptions& options, const package::Image& image);

}  // namespace ferry::packaging
