// The command line as a whole: the table of verbs, parsing, dispatch.
#pragma once

#include <span>

#include "commands/verb.h"

namespace ferry::commands {

std::span<const VerbRow> verbs();

// Says that there is no such verb, and which one is near; the exit code.
int unknown_verb(std::string_view word);

// Verbs about ferry itself.
std::unique_ptr<Verb> make_cache();
std::unique_ptr<Verb> make_help();

// Parses argv, runs one verb, returns the program's exit code. Nothing escapes it.
int run_app(int argc, char** argv);

}  // namespace ferry::commands
