// A verb of `ferry`: one file each, one line in the table of main.cc.
#pragma once

#include <memory>
#include <string>

#include "base/exit_code.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace ferry::commands {

class Verb {
 public:
  virtual ~Verb() = default;
  // Declares options and help on its own sub-command.
  virtual void declare(CLI::App& app) = 0;
  // After parsing; returns the exit code of the program.
  virtual int run() = 0;
};

struct VerbRow {
  const char* name;
  const char* summary;
  std::unique_ptr<Verb> (*make)();
};

std::unique_ptr<Verb> make_new();
std::unique_ptr<Verb> make_run();
std::unique_ptr<Verb> make_serve();
std::unique_ptr<Verb> make_dev();
std::unique_ptr<Verb> make_replay();
std::unique_ptr<Verb> make_check();
std::unique_ptr<Verb> make_build();
std::unique_ptr<Verb> make_pack();
std::unique_ptr<Verb> make_deploy();
std::unique_ptr<Verb> make_compare();
std::unique_ptr<Verb> make_verify();
std::unique_ptr<Verb> make_engines();
std::unique_ptr<Verb> make_platforms();
std::unique_ptr<Verb> make_version();
std::unique_ptr<Verb> make_completion();

// Prints "ferry: message" and the hint on its own line to stderr.
struct Complaint {
  std::string message;
  std::string hint;
};
void complain(const Complaint& complaint);
// The same for an error that ends a verb; its exit code.
int give_up(const Error& error);

}  // namespace ferry::commands
