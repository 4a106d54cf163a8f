// ferry serve --platform openwhisk: what ferry-host does in a container of OpenWhisk, here.
#pragma once

#include "commands/serve_worker.h"

namespace ferry::commands {

// With no function it waits for /init and takes wasm, and bundles signed with this user's key.
Status serve_openwhisk(const ServeOptions& options, const std::string& listen);

}  // namespace ferry::commands
