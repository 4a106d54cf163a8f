// Worker processes: forked before this process has a thread or an engine, restarted when they
// die, drained on SIGTERM or SIGINT. Single-threaded; owned by a verb; run() is called once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace ferry::serve {

struct SupervisorOptions {
  std::size_t workers = 1;
  // After the first signal: how long workers may take to finish what they accepted.
  std::chrono::milliseconds grace{30'000};
  // A worker that dies before it was ready is tried this often in a row, each time waiting twice
  // as long; then the supervisor gives up.
  unsigned max_failed_starts = 4;
  std::chrono::milliseconds first_backoff{50};
};

// What the supervisor asks of its owner. All but `worker` run in the supervisor's own thread.
struct SupervisorHooks {
  // The life of a worker, in its own process; the exit code comes back. SIGTERM is its order to
  // drain, SIGINT and SIGHUP are ignored in it. It dies with the supervisor.
  std::function<int(std::size_t index)> worker;
  std::function<bool(std::size_t index)> is_ready = [](std::size_t) { return true; };
  std::function<void()> on_ready = [] {};  // all are, for the first time
  std::function<void()> on_drain = [] {};  // before the workers are told
  std::function<void(std::size_t index, int wait_status)> on_death = [](std::size_t, int) {};
  int side_fd = -1;  // something to serve beside (the admin address)
  std::function<void()> side_step = [] {};
};

class Supervisor {
 public:
  Supervisor(const SupervisorOptions& options, SupervisorHooks hooks);

  // Until drained. kInternal when the workers can't be started.
  ferry::Status run();

  bool draining() const { return draining_; }
  std::uint64_t restarts() const { return restarts_; }
  pid_t pid_of(std::size_t index) const { return workers_[index].pid; }
  std::size_t size() const { return workers_.size(); }

 private:
  struct Worker {
    pid_t pid = 0;
    bool was_ready = false;
    unsigned failed_starts = 0;
    Monotonic start_at;  // when pid is 0: not before
  };

  ferry::Status start(std::size_t index);
  void on_signal(int signal);
  void reap();
  void bury(Worker& worker, std::size_t index, int status);
  void check_ready();
  void drain();
  void kill_all(int signal) const;
  bool any_alive() const;
  int timeout_ms() const;

  SupervisorOptions options_;
  SupervisorHooks hooks_;
  std::vector<Worker> workers_;
  Fd signals_;
  bool announced_ = false;
  bool draining_ = false;
  bool given_up_ = false;
  Monotonic kill_at_;
  std::uint64_t restarts_ = 0;
};

}  // namespace ferry::serve
