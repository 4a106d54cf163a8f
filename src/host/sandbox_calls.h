// The seccomp filter of a worker: system calls that serving needs are allowed, all others answer
// EPERM, and those that did not exist when this was written answer ENOSYS, so that libc falls back
// to older ones. Private to src/host.
#pragma once

#include <vector>

#include <linux/filter.h>

#include "base/result.h"

namespace ferry::host::sandbox {

// What sockets of the network are for.
enum class Connects : unsigned char {
  kNone,
  kTcp,  // where Landlock decides to which port: TCP alone, and by connect(2), which it sees
  kAny,
};

struct CallRules {
  bool opens = false;    // files by name: only where Landlock decides which
  bool changes = false;  // folders, and the size and times of files: of writable granted folders
  Connects connects = Connects::kNone;
  int pid = 0;  // the process itself, which may signal itself and nobody else
};

// The program; pure, for tests.
std::vector<sock_filter> make_filter(const CallRules& rules);
std::size_t allowed_calls(const CallRules& rules);

// Whether this kernel takes filters.
bool has_filters();
// For all threads of the process. Needs no_new_privs.
ferry::Status install_filter(const CallRules& rules);

}  // namespace ferry::host::sandbox
