// Whole lines from several processes to one descriptor, stderr as a rule. A pipe keeps writes of
// different processes apart only up to PIPE_BUF bytes (pipe(7)); beyond it, and where a write may
// take a part, a lock that the processes share keeps a line in one piece. Of a process that dies
// while it holds the lock, the parent says so, and the line that it left unfinished is ended.
//
// No writer waits for the reader longer than it wants to. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>

#include <sys/types.h>

#include "base/file.h"
#include "base/result.h"

namespace ferry::serve {

class LineOutput {
 public:
  // `fd` is borrowed. Made before the processes that share it are forked.
  static Result<std::unique_ptr<LineOutput>> make(int fd);
  ~LineOutput();
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;

  // All of `lines` at once if it need not wait, and at most PIPE_BUF bytes; else nothing.
  bool try_write(std::string_view lines);

  // Whole lines from the front of `lines`; waits for the reader until `give_up` is set. How many
  // bytes are written; fewer than all where it gave up or the descriptor takes no more.
  std::size_t write(std::string_view lines, const std::atomic<bool>& give_up);

  // A child of this process has ended, and holds the lock no more.
  void let_go(pid_t dead);

 private:
  enum class Kind : unsigned char { kPipe, kSocket, kOther };
  struct Shared;  // memory of all processes

  LineOutput(int fd, Shared* shared);
  long put(std::string_view bytes) const;
  bool wait(int timeout_ms) const;

  int fd_;
  Fd reopened_;  // a pipe or terminal of our own that never blocks
  Kind kind_ = Kind::kOther;
  bool may_block_ = false;  // a pipe that could not be reopened
  Shared* shared_;
};

}  // namespace ferry::serve
