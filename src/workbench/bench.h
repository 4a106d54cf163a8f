// What `ferry dev` does: watches sources, builds, serves the last good build, and shows its events
// on a page. A loop on one thread; everything that runs a guest, an engine or somebody else's
// program is a child process (task.h), so that none can stop it.
//
// A change-over loses no event: the worker of the new build listens beside that of the old one, and
// only when it is ready the old one finishes what it accepted and ends.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capsule/capsule.h"

namespace ferry::workbench {

struct BenchOptions {
  std::string listen;               // where the function is served, HOST:PORT
  std::string page;                 // where the page is, on loopback
  std::string folder;               // of the project: builds run there, cases are saved there
  std::string watch;                // a folder or a file
  std::string command;              // of the shell, that builds; empty: nothing has to be built
  std::string function;             // what verbs take as FUNCTION
  std::vector<std::string> common;  // options of the user's that other verbs take as well
  std::vector<std::string> platforms;
  std::vector<std::string> engines;
  bool quiet = false;
};

// One event from the page.
struct Sent {
  std::string platform;
  std::string native;  // the platform's own input; empty: `event`
  event::Event event;
};

// What runs in child processes; each gets a channel to write lines to (see Task::Life).
struct Lives {
  // Serves the function at this address until SIGTERM. Writes a line {"ready":…} when it does, and
  // a capsule for each event.
  std::function<int(int channel, const std::string& address)> serve;
  // Sends one event; writes its capsule, and what the platform's caller was answered to stdout.
  std::function<int(int channel, const Sent& sent)> send;
  // A capsule as a case of `ferry verify` under this name, and the files beside it, by name.
  std::function<Result<std::vector<std::pair<std::string, std::string>>>(
      const capsule::Capsule& capsule, const std::string& name)>
      to_case;
};

// Until SIGINT or SIGTERM.
Status run_bench(const BenchOptions& options, const Lives& lives);

}  // namespace ferry::workbench
