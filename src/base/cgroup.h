// What this process's control groups allow it, as Linux says (kernel documentation,
// admin-guide/cgroup-v2, and cgroup-v1: memory, and scheduler/sched-bwc). `root`: a folder that
// stands for "/", for tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ferry {

// The smallest limit of memory, in bytes. Nothing: there is none.
std::optional<std::uint64_t> memory_limit(const std::string& root = "");

// The smallest limit of processor time, in cores, and rounded up to one. Nothing: there is none.
std::optional<unsigned> cpu_limit(const std::string& root = "");

// How many threads can run at once: the cores that this process may use, or fewer where its time is
// limited to less. At least 1.
unsigned usable_cores(const std::string& root = "");

// Whether the kernel, where the limit of memory is reached, ends all processes of a cgroup together
// (memory.oom.group of version 2, which Kubernetes sets), so that none can be given up for the
// others.
bool are_ended_together(const std::string& root = "");

// The folder of this process's own cgroup of version 2. Empty: it is in none.
std::string own_cgroup(const std::string& root = "");

}  // namespace ferry
