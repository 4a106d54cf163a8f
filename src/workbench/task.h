// A child process whose output is read as it comes: a build, a worker, an answer that takes time.
// Made by a process that has one thread. Single-threaded; the owner polls its descriptors.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace ferry::workbench {

class Task {
 public:
  // What the child does; its exit code comes back. `channel` is a pipe to the owner; it has no
  // other descriptor of the owner's but stdin (/dev/null), stdout and stderr.
  using Life = std::function<int(int channel)>;
  // It leads a process group of its own, so that what it starts can be ended with it, and dies
  // with its owner.
  static Result<std::unique_ptr<Task>> start(const Life& life);
  // A life that is a program.
  static Life program(std::string path, std::vector<std::string> words, std::string folder);

  ~Task();  // kills what is left
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  void add_to(std::vector<pollfd>& watched) const;
  // Reads what is there. Of output that is more than the bound the last part is kept.
  void read_some();
  // Whether it has ended; its wait status then.
  std::optional<int> ended();
  void signal(int number) const;  // to its whole group

  pid_t pid() const { return pid_; }
  Monotonic since() const { return since_; }
  std::string out;  // so far; the owner may take it away
  std::string err;
  std::string channel;

 private:
  Task() = default;
  pid_t pid_ = 0;
  std::optional<int> status_;
  Fd out_, err_, channel_;
  Monotonic since_;
};

}  // namespace ferry::workbench
