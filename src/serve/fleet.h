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
  bool quiet = false;              // but a port that the kernel chose is printed even so
  std::optional<Fd> admin_socket = std::nullopt;  // one that listens already, in place of `admin`
  bool* was_cut = nullptr;                        // set where a drain ended before all requests did
};

// What a worker process is given: all of it outlives the worker.
struct WorkerPlace {
  std::size_t index;
  std::size_t slot;  // on the board
  Fd listener;
  Board& board;
  LineOutput& log;  // stderr, shared with the other workers and the supervisor
  Leaving leaving;
};

// A worker's whole life, in its own process: serves its listener until SIGTERM. The exit code
// comes back. Says in the board when it is ready.
using WorkerLife = std::function<int(WorkerPlace place)>;

// What those who work beside the fleet may ask of it, in the supervisor's thread.
struct FleetCalls {
  std::function<void()> after_fork = [] {};  // for a process forked here that serves nobody
  // A line for people, which waits for nobody.
  std::function<void(const std::string&)> say = [](const std::string&) {};
  std::function<bool()> renew = [] { return false; };  // WorkerPool::renew()
  // A reload has begun, and has ended well or not.
  std::function<void()> reloading = [] {};
  std::function<void(bool well)> reloaded = [](bool) {};
};

// What runs beside the workers, in the supervisor's thread.
class Beside {
 public:
  virtual ~Beside() = default;
  virtual void start(FleetCalls calls) = 0;  // once all workers serve
  virtual void stop() = 0;                   // when the order came to end
  virtual int fd() = 0;                      // readable when there is something for step()
  virtual void step() = 0;
  virtual void on_end(pid_t pid, int wait_status) = 0;  // of any child
  virtual void on_hangup() = 0;                         // SIGHUP; step() follows
  virtual void on_renewed(const Status& renewed) = 0;   // what FleetCalls::renew began
};

// One worker a listener; until all have drained after SIGTERM or SIGINT.
Status run_fleet(FleetOptions options, http::Listeners listeners, const WorkerLife& life,
                 Beside& beside);

}  // namespace ferry::serve
