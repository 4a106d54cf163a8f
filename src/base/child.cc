#include "base/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry {
namespace {

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

Result<pid_t> spawn(const std::string& program, std::vector<std::string>& words, int input, int out,
                    int err) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Actions actions;
  if (input < 0) {
    posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  } else {
    posix_spawn_file_actions_adddup2(actions.get(), input, 0);
  }
  posix_spawn_file_actions_adddup2(actions.get(), out, 1);
  posix_spawn_file_actions_adddup2(actions.get(), err, 2);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), 3);
  pid_t pid = 0;
  const int failed =
      posix_spawn(&pid, program.c_str(), actions.get(), nullptr, argv.data(), environ);
  if (failed != 0) return errno_error("start " + program, failed);
  return pid;
}

void bound(pid_t pid, const ChildBounds& bounds) {
  if (bounds.cpu_time.count() > 0) {
    const auto seconds = static_cast<rlim_t>(bounds.cpu_time.count());
    const rlimit cpu{seconds, seconds + 1};
    prlimit(pid, RLIMIT_CPU, &cpu, nullptr);
  }
  if (bounds.file_size > 0) {
    const rlimit size{bounds.file_size, bounds.file_size};
    prlimit(pid, RLIMIT_FSIZE, &size, nullptr);
  }
}

// Takes what came on one pipe. False once the child said more than it may.
bool take(pollfd& one, bool is_out, const ChildBounds& bounds, ChildEnd& end) {
  std::array<std::uint8_t, 64u << 10> chunk;
  const ssize_t got = read(one.fd, chunk.data(), chunk.size());
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) {
    one.fd = -1;
    return true;
  }
  const auto size = static_cast<std::size_t>(got);
  if (!is_out) {
    const std::size_t room = bounds.err - std::min<std::size_t>(bounds.err, end.err.size());
    end.err.append(as_text({chunk.data(), std::min(size, room)}));
    return true;
  }
  if (size > bounds.out - end.out.size()) return false;
  end.out.insert(end.out.end(), chunk.data(), chunk.data() + size);
  return true;
}

// The longest that is waited at a time. Time beyond it passed while this process was frozen (a
// paused container, SIGSTOP), when the child had no time either.
constexpr std::chrono::milliseconds kSlice{1000};

// Reads both pipes until both have ended or a bound is met.
void listen(int out, int err, const ChildBounds& bounds, ChildEnd& end) {
  std::array<pollfd, 2> polled = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  std::chrono::nanoseconds left = bounds.wall;
  auto before = std::chrono::steady_clock::now();
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    if (left.count() <= 0) {
      end.too_late = true;
      return;
    }
    const auto wait = std::min<std::chrono::nanoseconds>(left, kSlice);
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(wait);
    if (poll(polled.data(), polled.size(), static_cast<int>(rounded.count())) < 0 &&
        errno != EINTR) {
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    left -= std::min<std::chrono::nanoseconds>(now - before, 2 * kSlice);
    before = now;
    for (pollfd& one : polled) {
      if (one.fd < 0 || one.revents == 0) continue;
      if (!take(one, &one == polled.data(), bounds, end)) {
        end.too_much = true;
        return;
      }
    }
  }
}

}  // namespace

bool ChildEnd::fine() const {
  return !too_late && !too_much && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Result<ChildEnd> run_child(const std::string& program, std::vector<std::string> words, int input,
                           const ChildBounds& bounds) {
  FERRY_TRY(Pipe out, make_pipe());
  FERRY_TRY(Pipe err, make_pipe());
  FERRY_TRY(const pid_t pid, spawn(program, words, input, out.write.get(), err.write.get()));
  bound(pid, bounds);
  out.write.reset();
  err.write.reset();
  ChildEnd end;
  listen(out.read.get(), err.read.get(), bounds, end);
  if (end.too_late || end.too_much) kill(pid, SIGKILL);
  while (waitpid(pid, &end.status, 0) < 0 && errno == EINTR) {
  }
  return end;
}

void end_with_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // before we asked
}

void offer_to_oom_killer(int thousandths) {
  const std::string path = "/proc/self/oom_score_adj";
  const auto own = read_file(path, 64);
  if (!own.ok()) return;
  constexpr int kMost = 1000;
  const int score = std::min(kMost, std::atoi(std::string(as_text(*own)).c_str()) + thousandths);
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.valid()) {
    static_cast<void>(write_all(file.get(), as_bytes(std::to_string(score)), path).ok());
  }
}

Result<Fd> memory_input(ByteView bytes, std::string_view name) {
  Fd fd(memfd_create("ferry-input", MFD_CLOEXEC));
  if (!fd.valid()) return errno_error("hand over " + std::string(name), errno);
  FERRY_CHECK_OK(write_all(fd.get(), bytes, name));
  if (lseek(fd.get(), 0, SEEK_SET) != 0) {
    return errno_error("rewind " + std::string(name), errno);
  }
  return fd;
}

}  // namespace ferry
