// Worker processes: forked before this process has a thread or an engine, kept up as the pool
// decides (worker_pool.h), drained on SIGTERM or SIGINT. SIGHUP is its owner's business. All other
// signals that would end it by default and that programs send each other (SIGPIPE, SIGUSR1,
// SIGUSR2) are ignored.
// Single-threaded; owned by a verb; run() is called once.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include <sys/types.h>

#include "base/file.h"
#include "base/result.h"
#include "serve/worker_pool.h"

namespace ferry::serve {

// What the supervisor asks of its owner. All but `worker` run in the supervisor's own thread. Slots
// are those of Machine.
struct SupervisorHooks {
  // The life of a worker, in its own process; the exit code comes back. SIGTERM is its order to
  // drain, SIGINT and SIGHUP are ignored in it. It dies with the supervisor.
  std::function<int(std::size_t slot)> worker;
  // Before each fork: what the process before said of itself no longer holds.
  std::function<void(std::size_t slot)> before_start = [](std::size_t) {};
  // As in Machine.
  std::function<bool(std::size_t slot)> is_ready = [](std::size_t) { return true; };
  std::function<bool(std::size_t slot)> is_leaving = [](std::size_t) { return false; };
  std::function<std::uint64_t(std::size_t slot)> beats = {};  // none: no heartbeat is expected
  PoolHooks pool = {};
  std::function<void()> on_hangup = [] {};  // SIGHUP
  // What is served beside, such as the admin address: `step` is called each time that the
  // supervisor wakes, and it wakes when the descriptor can be read. Below 0: there is nothing to
  // wait for now.
  struct Side {
    std::function<int()> fd;
    std::function<void()> step;
  };
  std::vector<Side> sides = {};
  int attention_fd = -1;  // what wakes the supervisor to look again
  // A child of this process has ended, a worker or not.
  std::function<void(pid_t pid, int wait_status)> on_other_end = [](pid_t, int) {};
};

class Supervisor final : private Machine {
 public:
  Supervisor(const PoolOptions& options, SupervisorHooks hooks);

  // Until drained. kInternal when no worker can be started.
  ferry::Status run();

  const WorkerPool& pool() const { return pool_; }
  bool renew() { return pool_.renew(); }

 private:
  Monotonic now() const override { return std::chrono::steady_clock::now(); }
  Result<pid_t> start(std::size_t slot) override;
  void signal(pid_t pid, int signal) override;
  bool is_ready(std::size_t slot) const override { return hooks_.is_ready(slot); }
  bool is_leaving(std::size_t slot) const override { return hooks_.is_leaving(slot); }
  std::uint64_t beats(std::size_t slot) const override;

  void on_signal(int signal);
  void reap();
  void wait();

  SupervisorHooks hooks_;
  WorkerPool pool_;
  Fd signals_;
  mutable std::uint64_t looks_ = 0;  // a heartbeat where none is expected
};

}  // namespace ferry::serve
