// ferry pack --for azure: the zip of a function app with a custom handler. docs/azure.md.
#pragma once

#include "packaging/parts.h"

namespace ferry::packaging {

// function.zip: host.json, NAME/function.json for each trigger, ferry-host, the bundle, its key.
Status pack_for_azure(const PackOptions& options);

}  // namespace ferry::packaging
