// ferry pack --push: the image just packed, to a registry, with docker's login.
#pragma once

#include <string>

#include "commands/pack_parts.h"

namespace ferry::commands {

// `where` as in PackOptions::push. Progress goes to stderr, the name by digest to stdout.
Status push_packed(const PackOptions& options, const package::Image& image);

}  // namespace ferry::commands
