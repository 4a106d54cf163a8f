#include "builder/apart.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/message.h"
#include "snapshot/trial_message.h"
#include "wasm/binary.h"

namespace ferry::builder {
namespace {

using snapshot::TrialMessage;
using Kind = TrialMessage::Kind;

constexpr char kMessage[] = "message of a trial";
// A snapshot takes five or so.
constexpr int kMostRequests = 64;
// What was instrumented is larger than a function may be.
constexpr std::uint64_t kMostModule = 2 * std::uint64_t{wasm::kMaxWasmBytes};
constexpr std::uint64_t kMostCode = 1ull << 30;

Status tell(int socket, const TrialMessage& message, ByteView file) {
  FERRY_TRY(const Bytes bytes, encode(message));
  Fd beside;
  if (message.kind != Kind::kFailed) {
    FERRY_TRY(beside, memory_input(file, "a module"));
  }
  return send_message(socket, bytes, beside.get(), WhenFull::kWait, kMessage);
}

Status answer_with(int socket, const Result<Bytes>& made) {
  TrialMessage message;
  message.kind = made.ok() ? Kind::kDone : Kind::kFailed;
  if (!made.ok()) message.error = made.error();
  return tell(socket, message, made.ok() ? ByteView(*made) : ByteView());
}

struct Heard {
  TrialMessage message;
  Bytes file;
};

// Nothing: the other process has ended.
Result<std::optional<Heard>> hear(int socket, std::uint64_t most) {
  FERRY_TRY(auto got, receive_message(socket, snapshot::kMostTrialMessage, kMessage));
  if (!got) return std::optional<Heard>();
  Heard out;
  FERRY_TRY(out.message, snapshot::decode(got->bytes));
  if (out.message.kind == Kind::kFailed) return std::optional(std::move(out));
  if (!got->file.valid()) return Error{Code::kInvalid, "a message of a trial without a file", ""};
  FERRY_TRY(out.file, read_all(got->file.get(), most, "what a trial sent"));
  return std::optional(std::move(out));
}

// In the process that runs the function.

Result<Bytes> ask(int socket, const TrialMessage& request, ByteView module) {
  FERRY_CHECK_OK(tell(socket, request, module));
  FERRY_TRY(auto heard, hear(socket, kMostCode));
  if (!heard) return Error{Code::kInternal, "nobody answers", ""};
  if (heard->message.kind != Kind::kDone) return std::move(heard->message.error);
  return std::move(heard->file);
}

// Files to be read, and those without a name, which engines have their code in.
bool leads_nowhere(int fd) {
  struct stat is {};
  if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode)) return false;
  return is.st_nlink == 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

// What was inherited leads to whoever serves, and to who calls it.
void close_ways_out(int socket) {
  std::error_code unknown;
  std::vector<int> open;
  for (std::filesystem::directory_iterator at("/proc/self/fd", unknown), end; !unknown && at != end;
       at.increment(unknown)) {
    const std::string name = at->path().filename();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    open.push_back(fd);
  }
  if (unknown) {  // there is no /proc
    constexpr unsigned kFirst = STDERR_FILENO + 1;
    const auto kept = static_cast<unsigned>(socket);
    if (kept > kFirst) close_range(kFirst, kept - 1, 0);
    close_range(kept + 1, ~0u, 0);
  }
  for (const int fd : open) {
    if (fd > STDERR_FILENO && fd != socket && !leads_nowhere(fd)) close(fd);
  }
  const Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    if (nowhere.valid()) dup2(nowhere.get(), fd);
  }
}

int live(int socket, const Trial& trial) {
  close_ways_out(socket);
  const SnapshotTools asking{
      [socket](ByteView prepared) { return ask(socket, {.kind = Kind::kCompile}, prepared); },
      [socket](ByteView nameless, const std::vector<std::uint32_t>& functions) {
        return ask(socket, {.kind = Kind::kUnwindable, .functions = functions}, nameless);
      }};
  const auto tried = trial(asking);
  TrialMessage last;
  last.kind = tried.ok() ? Kind::kDone : Kind::kFailed;
  if (tried.ok()) {
    last.words = tried->compared_on;
  } else {
    last.error = tried.error();
  }
  return tell(socket, last, tried.ok() ? ByteView(tried->wasm) : ByteView()).ok() ? 0 : 1;
}

// In this process.

// Nothing: it ended without a last word.
Result<std::optional<TriedSnapshot>> serve(int socket, const SnapshotTools& tools) {
  for (int requests = 0; requests < kMostRequests; ++requests) {
    FERRY_TRY(auto heard, hear(socket, kMostModule));
    if (!heard) return std::optional<TriedSnapshot>();
    TrialMessage& message = heard->message;
    if (message.kind == Kind::kDone) {
      return std::optional(TriedSnapshot{std::move(heard->file), std::move(message.words)});
    }
    if (message.kind == Kind::kFailed) return std::move(message.error);
    const Result<Bytes> made = message.kind == Kind::kCompile
                                   ? tools.compile(heard->file)
                                   : tools.unwindable(heard->file, message.functions);
    if (!answer_with(socket, made).ok()) return std::optional<TriedSnapshot>();
  }
  return Error{Code::kLimit, "no snapshot: trying it does not end", ""};
}

std::string how_it_ended(int status) {
  return WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status))
                             : fmt::format("ended with code {}", WEXITSTATUS(status));
}

}  // namespace

Result<TriedSnapshot> try_apart(const SnapshotTools& tools, const Trial& trial) {
  FERRY_TRY(MessagePipe pipe, make_message_pipe());
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return errno_error("start a process that tries the snapshot", errno);
  if (pid == 0) {
    end_with_parent(parent);
    pipe.receiver.reset();
    _exit(live(pipe.sender.get(), trial));
  }
  pipe.sender.reset();
  auto tried = serve(pipe.receiver.get(), tools);
  kill(pid, SIGKILL);  // for one that goes on all the same; how another has ended stays so
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!tried.ok()) return std::move(tried).error();
  if (*tried) return **std::move(tried);
  return Error{Code::kInternal,
               fmt::format("no snapshot: the process that tried it {}", how_it_ended(status)), ""};
}

}  // namespace ferry::builder
