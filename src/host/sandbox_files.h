// Landlock: from here on this thread and those that it starts open files below the given folders
// only, and (where the kernel knows how) neither connect nor listen over TCP, and signal nobody
// outside. Descriptors that are open stay as they are. Private to src/host.
#pragma once

#include "base/result.h"
#include "host/sandbox.h"

namespace ferry::host::sandbox {

// The version of Landlock's interface (Documentation/userspace-api/landlock.rst); 0: none.
int landlock_version();

// Needs no_new_privs, or CAP_SYS_ADMIN.
ferry::Status restrict_files(const Needs& needs, int version);

}  // namespace ferry::host::sandbox
