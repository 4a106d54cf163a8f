// Listening sockets that a service manager made and hands over as descriptors 3, 4, …: systemd's
// socket activation (sd_listen_fds(3)). Used once, early, by one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ferry::http {

struct Inherited {
  std::optional<Fd> listener;
  std::optional<Fd> admin;  // the one with the name "admin" (FileDescriptorName=)
};

// What $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES say, which are taken out of the environment;
// nothing where they are not for this process. kUsage for sockets that cannot be served on.
Result<Inherited> take_inherited();

}  // namespace ferry::http
