// All verbs declared on one CLI::App; for parsing, and for what is made from the declarations.
#pragma once

#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "commands/verb.h"

namespace ferry::commands {

struct CommandLine {
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App app;
  std::vector<std::unique_ptr<Verb>> made;
  int exit_code = kExitOk;
};

}  // namespace ferry::commands
