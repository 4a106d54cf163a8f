// A second barrier around a worker process. The first is the engine: a guest can leave its linear
// memory only through the calls that it was granted. This one limits the damage when an engine has
// a fault and a guest runs native code of its choice in the process: what the process itself may
// not do, that code may not do either.
//
// Entered once, when everything is loaded and before the process has a second thread; there is no
// way back. docs/security.md has the list of parts for users.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "function/manifest.h"

namespace ferry::host::sandbox {

// Each can be left out by its name (--sandbox).
struct Parts {
  bool privileges = true;    // no_new_privs, and no capabilities
  bool files = true;         // Landlock: the granted folders and no other file
  bool system_calls = true;  // seccomp: those that serving needs
  bool memory = true;        // no core dumps, no debugger, no /proc/PID/mem for others
  bool environment = true;   // the process's own environment is wiped
};

// "all", "none", or what is left out of all: "no-files", "no-files,no-environment". kUsage names
// the word.
Result<Parts> parse_parts(std::string_view text);

// What the functions of this process were granted; everything else is closed.
struct Needs {
  struct Folder {
    std::string path;
    bool read_only = false;
  };
  std::vector<Folder> folders;
  bool connects = false;  // some function may reach the network
  // TCP: the process itself connects to this one, whatever the functions may; 0: to none.
  std::uint16_t port = 0;
  // It is entered by a process that has threads already. Landlock and capabilities are each
  // thread's own, and are left out.
  bool late = false;
};

// What one more function of the process was granted.
void add_needs(const function::Grants& grants, Needs& needs);

// What enter() would do here, in words; for --print-sandbox and for a warning at the start.
struct Line {
  std::string_view part;
  bool on = false;
  std::string what;      // what it closes; or, where it is off, why
  bool missing = false;  // it was asked for, and the kernel does not have it
};
std::vector<Line> describe(const Parts& parts, const Needs& needs);
std::string to_text(const std::vector<Line>& lines);

// What this kernel lacks of what was asked for is left out (describe() says so). An error is
// something that should have worked and did not: the process must not serve.
ferry::Status enter(const Parts& parts, const Needs& needs);

// For the process that starts workers, before it does: says on stderr what of this the machine does
// not have, and that the server runs as root. `program` begins each line.
void warn(std::string_view program, const Parts& parts, const Needs& needs);

}  // namespace ferry::host::sandbox
