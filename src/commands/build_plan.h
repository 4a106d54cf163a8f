// How a folder is built: the [build] command of its manifest, else what its kind of project says.
// The same for `ferry build` and `ferry dev`.
#pragma once

#include <string>

#include "commands/common_options.h"

namespace ferry::commands {

struct BuildPlan {
  std::string command;   // of the shell, in the folder; empty: nothing has to be built
  std::string origin;    // where it comes from, for messages: "[build] command of x/ferry.toml"
  std::string function;  // what is read afterwards: the folder, or the file that is built
};

// `path` is a folder or a file; of a file nothing is built. Checks that the tools are there
// (kNotFound), and sets up the environment of this process for the command: Go programs that may
// connect get their overlay. One thread.
Result<BuildPlan> plan_build(const std::string& path, const CommonOptions& common);

}  // namespace ferry::commands
