// A process beside those that serve, forked by their supervisor for work that may take minutes,
// crash or be ended: the first to go when memory is short, without a terminal, and ended together
// with its parent. Owned by the supervisor and used by its one thread.
#pragma once

#include <functional>

#include <sys/types.h>

namespace ferry::serve {

class SideProcess {
 public:
  SideProcess() = default;
  ~SideProcess() { stop(); }
  SideProcess(const SideProcess&) = delete;
  SideProcess& operator=(const SideProcess&) = delete;

  // Runs `life` in a new process, which ends with its exit code. `after_fork` is called there
  // before all else, to close what is not its business. False: no process could be made.
  bool start(const std::function<void()>& after_fork, const std::function<int()>& life);
  bool running() const { return pid_ != 0; }
  // Whether the child that has ended is this process. What it had started is ended then.
  bool has_ended(pid_t pid);
  // Ends it and what it started.
  void stop();

 private:
  pid_t pid_ = 0;  // 0: none runs
};

}  // namespace ferry::serve
