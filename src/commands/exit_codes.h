// The table of exit codes that `ferry help exit-codes` prints and docs/cli.md shows.
#pragma once

#include <string>
#include <vector>

namespace ferry::commands {

struct ExitRow {
  int code;
  std::string meaning;
  std::string from;  // which verbs end with it
};

// In the order of the codes; those of outcomes are host::status_row()'s.
std::vector<ExitRow> exit_rows();

// The topic's name, beside the verbs, on the command line of `ferry help`.
inline constexpr char kExitTopic[] = "exit-codes";

}  // namespace ferry::commands
