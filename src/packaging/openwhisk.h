// ferry pack --for openwhisk: what a user of OpenWhisk sends, and what its operator installs once.
// docs/openwhisk.md.
#pragma once

#include "packaging/parts.h"

namespace ferry::packaging {

// NAME.ferry, action.json (the body of PUT /api/v1/namespaces/_/actions/NAME), and for the
// operator runtimes.json (the entry of the runtimes manifest) and image.tar (the kind's image).
Status pack_for_openwhisk(const PackOptions& options);

}  // namespace ferry::packaging
