// One child process run to its end, with all it says kept within bounds. Used where code that may
// hang, crash or be hostile must not take this process along: compiling, measuring, verifying,
// other people's tools.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/bytes.h"
#include "base/file.h"

namespace ferry {

struct ChildBounds {
  std::chrono::milliseconds wall{600'000};  // without the time that this process is frozen
  std::uint64_t out = 1u << 20;             // bytes of stdout; more ends the child
  std::uint64_t err = 64u << 10;            // bytes of stderr that are kept; the rest is dropped
  std::chrono::seconds cpu_time{0};         // 0: no limit of its own
  std::uint64_t file_size = 0;              // of what it writes; 0: no limit of its own
};

struct ChildEnd {
  Bytes out;
  std::string err;
  int status = 0;         // as waitpid gives it
  bool too_late = false;  // ended by us at the wall limit
  bool too_much = false;  // ended by us for its stdout

  bool fine() const;  // it ended by itself with exit code 0
};

// words[0] is the name that the child is given. `input` becomes its stdin (borrowed; below 0:
// /dev/null); it inherits no other descriptor. Blocks until the child has ended. An error only
// when it could not be started. Thread-safe.
Result<ChildEnd> run_child(const std::string& program, std::vector<std::string> words, int input,
                           const ChildBounds& bounds);

// By a process that has just begun: it is killed when its parent ends, and ends now where that has
// happened already. `parent`: the parent's getpid(), from before the fork or the spawn. The parent
// is the thread that made it.
void end_with_parent(pid_t parent);

// By a process whose end costs less than its parent's: when memory is short, the kernel ends it
// before others that hold up to `thousandths` of the memory more (proc(5), oom_score_adj). Best
// effort.
void offer_to_oom_killer(int thousandths);

// A file in memory, rewound: an input that needs nobody to feed it, whatever the child does.
Result<Fd> memory_input(ByteView bytes, std::string_view name);

}  // namespace ferry
