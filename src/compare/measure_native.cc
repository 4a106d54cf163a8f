// The control of a workload: the same source compiled for this machine, run as a process. Its CPU
// time has the start of a process in it (about a millisecond for Go, less for C and Rust).
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "compare/sample.h"
#include "compare/stats.h"
#include "compare/stopwatch.h"

namespace ferry::compare {
namespace {

constexpr std::uint64_t kMostReply = 64u << 20;
constexpr int kAtLeast = 3;

struct Ran {
  double cpu_us = 0;
  Bytes reply;
};

Result<Ran> run_once(const Task& task) {
  std::string program = task.function;
  std::array<char*, 2> argv = {program.data(), nullptr};
  const Fd reply(memfd_create("reply", MFD_CLOEXEC));
  if (!reply.valid()) return errno_error("make room for a reply", errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, task.data.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, reply.get(), 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return errno_error("start " + program, failed);
  int status = 0;
  rusage used{};
  while (wait4(pid, &status, 0, &used) < 0) {
    if (errno != EINTR) return errno_error("wait for " + program, errno);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error{Code::kInvalid, program + " failed", "run it by hand to see why"};
  }
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  Ran ran;
  ran.cpu_us = us(used.ru_utime) + us(used.ru_stime);
  if (lseek(reply.get(), 0, SEEK_SET) != 0) return errno_error("rewind a reply", errno);
  FERRY_TRY(ran.reply, read_all(reply.get(), kMostReply, "a reply"));
  return ran;
}

}  // namespace

Result<Sample> measure_native(const Task& task) {
  Sample sample;
  std::error_code failed;
  const auto size = std::filesystem::file_size(task.function, failed);
  if (!failed) sample.values["artifact_bytes"] = static_cast<double>(size);
  std::vector<double> times;
  const Stopwatch watch;
  FERRY_TRY(const Ran first, run_once(task));
  sample.values["first_run_us"] = first.cpu_us;
  sample.reply_digest = digest_of(first.reply);
  while (times.size() < kAtLeast || watch.wall_us() < task.budget_ms * 1e3) {
    FERRY_TRY(const Ran ran, run_once(task));
    times.push_back(ran.cpu_us);
  }
  sample.values["run_us"] = median_of(std::move(times));
  return sample;
}

}  // namespace ferry::compare
