// A platform that `ferry deploy` can put packages on: the folder `deploy` of the platform's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "deploy/mark.h"
#include "deploy/transport.h"

namespace CLI {
class App;
}

namespace ferry::deploy {

// What was asked for, whatever the platform.
struct Job {
  std::string folder;
  Mark mark;
  bool dry_run = false;  // describe() each call on standard output, send none
  bool force = false;    // send even what is there already
  bool remove = false;   // --delete
  TransportOptions transport;
};

struct Change {
  std::string what;  // "action hello"
  std::string done;  // created | updated | unchanged | deleted | absent
};

struct Report {
  std::vector<Change> changes;
  std::string address;  // where it is now, for people and programs; or empty
  std::string next;     // a command to try it with; or empty
};

// Holds what its options are set to: one for each command line.
class Target {
 public:
  virtual ~Target() = default;
  // Its own options, all of them in one group named after the platform. Their names are shared with
  // all other platforms' and with the verb's.
  virtual void declare(CLI::App& app) = 0;
  virtual Result<Report> run(const Job& job) = 0;
};

// One per platform, static.
struct Deployment {
  const char* name;  // as the mark names the platform
  std::unique_ptr<Target> (*make)();
};

}  // namespace ferry::deploy
