// How much memory this process may have, and when the machine runs short of it, as Linux says:
// cgroups (kernel documentation, admin-guide/cgroup-v2, "Memory"; cgroup-v1/memory) and pressure
// stall information (accounting/psi).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/result.h"

namespace ferry::serve {

// The smallest limit of this process's cgroups, in bytes. Nothing: there is none. `root`: a folder
// that stands for "/", for tests.
std::optional<std::uint64_t> memory_limit(const std::string& root = "");

// Whether the kernel, where that limit is reached, ends all processes of a cgroup together
// (memory.oom.group of version 2, which Kubernetes sets), so that none can be given up for the
// others.
bool are_ended_together(const std::string& root = "");

// What becomes urgent (POLLPRI) when tasks waited for memory for a tenth of some seconds: of this
// cgroup where it says so, else of the machine. Not valid: the kernel does not tell, or forbids it.
Fd open_memory_pressure(const std::string& root = "");

// A thread that calls `short_of_memory` each time that a descriptor becomes urgent, until this goes
// or the descriptor fails.
class PressureWatch {
 public:
  static Result<std::unique_ptr<PressureWatch>> make(Fd pressure,
                                                     std::function<void()> short_of_memory);
  ~PressureWatch();
  PressureWatch(const PressureWatch&) = delete;
  PressureWatch& operator=(const PressureWatch&) = delete;

 private:
  PressureWatch(Fd pressure, Fd stop, std::function<void()> short_of_memory);
  void run();

  const Fd pressure_;
  const Fd stop_;  // an eventfd
  const std::function<void()> short_of_memory_;
  std::thread thread_;
};

}  // namespace ferry::serve
