// The exit codes that all programs and verbs share; docs/cli.md has the table. Codes 3 to 8 say how
// one event ended and come from host/outcome.h.
#pragma once

#include "base/result.h"

namespace ferry {

inline constexpr int kExitOk = 0;
inline constexpr int kExitDifference = 1;       // the answer is no: a difference, a refusal
inline constexpr int kExitUsage = 2;            // the command line makes no sense
inline constexpr int kExitCut = 4;              // a server ended before all of its requests did
inline constexpr int kExitBroken = 9;           // a fault of ours
inline constexpr int kExitNoEngineOrFile = 10;  // a file, an engine, a server cannot be had
inline constexpr int kExitInvalid = 11;         // it is there, and what is in it cannot be used

// The one of an error that ends a program.
int exit_code_of(const Error& error);

}  // namespace ferry
