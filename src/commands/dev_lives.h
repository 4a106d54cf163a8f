// What `ferry dev` runs in child processes: the function as it is served, and one event through a
// platform's emulator. Both tell of each event by a capsule on `channel`.
#pragma once

#include <string>

#include "commands/common_options.h"
#include "workbench/bench.h"

namespace ferry::commands {

// Until SIGTERM. The exit code comes back; what went wrong is on stderr.
int serve_for_dev(const std::string& function, const CommonOptions& common, int channel,
                  const std::string& address);

int send_for_dev(const std::string& function, const CommonOptions& common, int channel,
                 const workbench::Sent& sent);

}  // namespace ferry::commands
