// The command line as a whole: the table of verbs, parsing, dispatch.
#pragma once

#include <span>

#include "commands/verb.h"

namespace ferry::commands {

std::span<const VerbRow> verbs();

// Parses argv, runs one verb, returns the program's exit code. Nothing escapes it.
int run_app(int argc, char** argv);

}  // namespace ferry::commands
