// A platform that `ferry deploy` can put packages on: one file (deploy_NAME.cc) and one line in
// the table of deploy.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "deploy/mark.h"
#include "deploy/transport.h"

namespace CLI {
class App;
}

namespace ferry::commands {

// What was asked for, whatever the platform.
struct DeployJob {
  std::string folder;
  deploy::Mark mark;
  bool dry_run = false;  // describe() each call on standard output, send none
  bool force = false;    // send even what is there already
  bool remove = false;   // --delete
  deploy::TransportOptions transport;
};

struct DeployChange {
  std::string what;  // "action hello"
  std::string done;  // created | updated | unchanged | deleted | absent
};

struct DeployReport {
  std::vector<DeployChange> changes;
  std::string address;  // where it is now, for people and programs; or empty
  std::string next;     // a command to try it with; or empty
};

class DeployTarget {
 public:
  virtual ~DeployTarget() = default;
  // As the mark names it.
  virtual std::string name() const = 0;
  // Its own options, all of them in one group named after the platform.
  virtual void declare(CLI::App& app) = 0;
  virtual Result<DeployReport> run(const DeployJob& job) = 0;
};

std::unique_ptr<DeployTarget> make_openwhisk_target();
std::unique_ptr<DeployTarget> make_lambda_target();

}  // namespace ferry::commands
