// When the machine runs short of memory, as Linux says: pressure stall information (kernel
// documentation, accounting/psi). `root`: a folder that stands for "/", for tests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/result.h"

namespace ferry::serve {

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
