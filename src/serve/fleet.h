// Worker processes behind one address, with the admin address beside: what `ferry serve` and
// ferry-host have in common. Used once, by a process that has no thread and no engine yet.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "http/listener.h"
#include "serve/board.h"
#include "serve/front.h"
#include "serve/line_output.h"

namespace ferry::serve {

struct FleetOptions {
  std::string program;             // "ferry": begins each line for people
  std::vector<std::string> names;  // of the functions
  std::string admin;               // HOST:PORT; empty: none
  bool pin = false;                // each worker on a core of its own (http/pinning.h)
  bool quiet = false;              // but a port that the kernel chose is told all the same
  std::optional<Fd> admin_socket = std::nullopt;  // one that listens already, in place of `admin`
  bool* was_cut = nullptr;                        // set where a drain ended before all requests did
};

// What a worker process is given: all of it outlives the worker.
struct WorkerPlace {
  std::size_t index;
  Fd listener;
  Board& board;
  LineOutput& log;  // stderr, shared with the other workers and the supervisor
  Leaving leaving;
};

// A worker's whole life, in its own process: serves its listener until SIGTERM. The exit code
// comes back. Says in the board when it is ready.
using WorkerLife = std::function<int(WorkerPlace place)>;

// What goes on beside the workers, in the supervisor's thread.
struct Beside {
  // Once all workers serve. `after_fork`: what a process that is forked here is to call, since it
  // serves nobody. `say`: a line for people, which waits for nobody.
  std::function<void(std::function<void()> after_fork, std::function<void(const std::string&)> say)>
      start = [](const auto&, const auto&) {};
  std::function<void()> stop = [] {};  // when the order came to end
  std::function<int()> fd = [] { return -1; };
  std::function<void()> step = [] {};
  std::function<void(pid_t pid, int wait_status)> on_end = [](pid_t, int) {};
};

// One worker a listener; until all have drained after SIGTERM or SIGINT.
Status run_fleet(FleetOptions options, http::Listeners listeners, const WorkerLife& life,
                 const Beside& beside = {});

}  // namespace ferry::serve
