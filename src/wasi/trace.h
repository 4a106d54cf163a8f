// WASI calls as text on stderr, for a developer: `ferry replay --trace wasi`. Chosen by the
// environment when the program (or the engine's plug-in) is loaded, so that a program that does not
// trace has the calls themselves in its table and pays nothing. Private to src/wasi, except for
// the name of the variable.
#pragma once

#include <string>

#include "wasi/calls.h"

namespace ferry::wasi {

inline constexpr char kTraceVariable[] = "FERRY_TRACE_WASI";

// "wasi: fd_write(1, 66816, 1, 66832) = success, 12 bytes"
std::string describe_call(const Call& call, Memory memory, const std::uint64_t* args,
                          const CallResult& result);
// The same as a line.
void print_call(const Call& call, Memory memory, const std::uint64_t* args,
                const CallResult& result);

}  // namespace ferry::wasi
