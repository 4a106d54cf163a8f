// The parent's side of one measurement.
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "compare/sample.h"

namespace ferry::compare {
namespace {

// A slow interpreter with a long function on a busy machine; more is a hang.
constexpr std::chrono::seconds kPatience{600};
constexpr std::size_t kMost = 1u << 20;

struct Said {
  std::string out;
  std::string err;
  bool in_time = true;
};

Said listen(int out, int err) {
  Said said;
  std::array<pollfd, 2> polled = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  std::array<char, 16384> chunk{};
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                          until - std::chrono::steady_clock::now())
                          .count();
    if (left <= 0) {
      said.in_time = false;
      return said;
    }
    if (poll(polled.data(), polled.size(), static_cast<int>(std::min<long>(left, 60'000))) < 0 &&
        errno != EINTR) {
      return said;
    }
    for (pollfd& one : polled) {
      if (one.fd < 0 || one.revents == 0) continue;
      const ssize_t got = read(one.fd, chunk.data(), chunk.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        one.fd = -1;
        continue;
      }
      std::string& text = &one == polled.data() ? said.out : said.err;
      text.append(chunk.data(), std::min(static_cast<std::size_t>(got), kMost - text.size()));
    }
  }
  return said;
}

}  // namespace

Result<Sample> measure_in_child(const Task& task) {
  std::array<std::string, 10> words = {"ferry",
                                       kMeasureVerb,
                                       task.kind,
                                       task.engine,
                                       task.function,
                                       task.manifest,
                                       task.folder,
                                       task.data,
                                       std::to_string(task.threads),
                                       std::to_string(task.budget_ms)};
  std::array<char*, 11> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
  Fd out_read(out[0]);
  Fd out_write(out[1]);
  if (pipe2(err.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
  Fd err_read(err[0]);
  Fd err_write(err[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err_write.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return errno_error("start a measuring process", failed);
  out_write.reset();
  err_write.reset();
  const Said said = listen(out_read.get(), err_read.get());
  if (!said.in_time) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!said.in_time) {
    return Error{Code::kLimit, "it did not end within " + std::to_string(kPatience.count()) + " s",
                 ""};
  }
  if (WIFSIGNALED(status)) {
    return Error{Code::kInternal,
                 std::string("its process was ended by ") + strsignal(WTERMSIG(status)) +
                     (said.err.empty() ? "" : ": " + said.err.substr(0, 500)),
                 ""};
  }
  if (WEXITSTATUS(status) != 0) {
    return Error{Code::kInvalid, said.err.empty() ? "it failed without a word" : said.err, ""};
  }
  return sample_from_json(said.out);
}

}  // namespace ferry::compare
