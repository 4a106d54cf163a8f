// What one invocation's guest may see and do through WASI: memory-backed stdin, stdout, stderr,
// args, environ; granted directories; granted connections; clocks and randomness that come in from
// outside; quotas.
//
// One Context serves one invocation at a time, on one thread; `reset` readies it for the next
// without giving its buffers back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/blocking.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "wasi/file_tree.h"
#include "wasi/network.h"

namespace ferry::wasi {

struct Quotas {
  std::uint64_t stdout_bytes = 6ull << 20;
  std::uint64_t stderr_bytes = 1ull << 20;
  std::uint32_t open_files = 64;  // beyond stdio and the granted directories
  std::uint32_t path_bytes = 4096;
};

// A directory the guest was granted, opened once by the host and shared by all contexts.
class Directory {
 public:
  // Fails where the folder can't be opened, and where the kernel or a seccomp profile lacks
  // openat2 with RESOLVE_BENEATH: granting is then refused with that reason.
  static Result<Directory> open(const std::string& host_path, const std::string& guest_path,
                                bool read_only);
  int fd() const { return fd_.get(); }
  const std::string& guest_path() const { return guest_path_; }
  bool read_only() const { return read_only_; }

 private:
  Fd fd_;
  std::string guest_path_;
  bool read_only_ = false;
};

// Why the guest was ended by a call of ours.
enum class Stop : unsigned char {
  kNone,        // it was not
  kExit,        // proc_exit(code)
  kOutputFull,  // stdout's bound
  kDeadline,    // slept or blocked past it
};

// Everything that a guest drew from outside, for snapshots and for outcomes that do not repeat.
struct Drawn {
  bool random = false;
  bool clock = false;
  bool environ = false;
  bool args = false;
  bool stdin_read = false;
  bool files = false;    // opened something in a granted directory
  bool folders = false;  // asked which folders it has
  bool wrote = false;    // stdout or stderr
  bool network = false;  // reached for the network, granted or not
};

// Where a line of stderr begins, with the time of its first byte's arrival (wall clock). Lines
// that came in one write share one chunk.
struct LogChunk {
  WallTime time;
  std::size_t offset = 0;  // into err()
};

// What args_* and environ_* answer.
struct Lists {
  std::vector<std::string> args = {};     // args[0] is the function's name
  std::vector<std::string> environ = {};  // "KEY=value"
};

struct Setup {
  // Given as they are, or made by `tell` when the guest first asks: most never do, and making them
  // for each event would cost more than many a function.
  Lists lists = {};
  using Tell = Lists (*)(const void* from);
  Tell tell = nullptr;
  const void* tell_from = nullptr;   // borrowed until the next reset
  std::string_view stdin_data = {};  // borrowed until the next reset
  Quotas quotas = {};
  Monotonic deadline = Monotonic::max();
  bool times_log = true;                                // else there are no log_chunks()
  const std::vector<Directory>* directories = nullptr;  // borrowed; may be null
  const FileTree* files = nullptr;                      // borrowed; null: none, and no "/" for it
  const NetworkAccess* network = nullptr;               // borrowed; null: no network
  BlockingObserver* observer = nullptr;                 // borrowed; null: waiting is just waiting
  const Clock* clock = nullptr;                         // borrowed; null: the context's own
  Random* random = nullptr;                             // borrowed; null: the context's own
};

class Context {
 public:
  // Both are borrowed for the context's life.
  Context(const Clock& clock, Random& random);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Closes what the last guest left open, forgets what it wrote, and takes what the next may see.
  void reset(Setup setup);

  // When the guest has ended, however it did: its connections are closed at once rather than at the
  // next reset(), and their records are complete. What it opened can't be used any more.
  void end_network();
  // Those of the guest that has ended, in the order in which they were closed.
  const std::vector<ConnectionRecord>& connections() const;

  Stop stop() const;
  std::uint32_t exit_code() const;  // with Stop::kExit
  const std::string& out() const;   // stdout so far
  const std::string& err() const;   // stderr so far, cut at its quota
  const std::vector<LogChunk>& log_chunks() const;
  std::uint64_t err_dropped() const;  // bytes past the quota
  const Drawn& drawn() const;
  // Files, folders and connections that it opened and has not closed.
  std::uint32_t opened() const;
  // The last thing refused for lack of a grant, in words, with what would grant it; or nothing.
  const std::optional<Error>& denial() const;

  // Called when the guest is about to read stdin for the first time; for snapshots. Returns whether
  // to go on: false ends the guest there, with stop() kNone and nothing read, so that the same
  // call made again asks again. (Set null to remove.)
  using ReadHook = bool (*)(void* user);
  void on_first_read(ReadHook hook, void* user);

  struct State;  // used by the calls, private to src/wasi
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace ferry::wasi
