// ferry serve FUNCTION... --platform lambda: this process is the runtime that Lambda, or one of
// its emulators, started.
#pragma once

#include "commands/serve_worker.h"

namespace ferry::commands {

// Until SIGTERM, or until the Runtime API is gone (an error). What goes wrong before the first
// invocation is told to Lambda as an init error, too.
Status serve_lambda(const ServeOptions& options);

}  // namespace ferry::commands
