#include "workbench/task.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

namespace ferry::workbench {
namespace {

constexpr std::size_t kMostText = 1u << 20;
constexpr std::size_t kMostChannel = 96u << 20;  // a line of it is a capsule
constexpr int kChannel = 3;

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make a pipe", errno);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

[[noreturn]] void live(const Task::Life& life, int out, int err, int channel, pid_t owner) {
  end_with_parent(owner);
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  dup2(channel, kChannel);
  close_range(kChannel + 1, ~0u, 0);
  const int code = life(kChannel);
  std::fflush(nullptr);
  _exit(code);
}

// False at its end.
bool drain(Fd& from, std::string& into, std::size_t most) {
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    into.append(buffer.data(), static_cast<std::size_t>(got));
    if (into.size() > most) into.erase(0, into.size() - most);
  }
}

}  // namespace

Result<std::unique_ptr<Task>> Task::start(const Life& life) {
  FERRY_TRY(Pipe out, make_pipe());
  FERRY_TRY(Pipe err, make_pipe());
  FERRY_TRY(Pipe channel, make_pipe());
  std::fflush(nullptr);
  const pid_t owner = getpid();
  const pid_t pid = fork();
  if (pid < 0) return errno_error("start a process", errno);
  if (pid == 0) {
    // Above the numbers that they are moved to.
    const int high_out = fcntl(out.write.get(), F_DUPFD, 16);
    const int high_err = fcntl(err.write.get(), F_DUPFD, 16);
    const int high_channel = fcntl(channel.write.get(), F_DUPFD, 16);
    live(life, high_out, high_err, high_channel, owner);
  }
  setpgid(pid, pid);  // whichever of the two comes first
  std::unique_ptr<Task> task(new Task);
  task->pid_ = pid;
  task->out_ = std::move(out.read);
  task->err_ = std::move(err.read);
  task->channel_ = std::move(channel.read);
  task->since_ = system_clock().monotonic();
  return task;
}

Task::Life Task::program(std::string path, std::vector<std::string> words, std::string folder) {
  return [path = std::move(path), words = std::move(words), folder = std::move(folder)](int) {
    if (!folder.empty() && chdir(folder.c_str()) != 0) {
      std::perror(folder.c_str());
      return 127;
    }
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const std::string& word : words)
      argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT
    argv.push_back(nullptr);
    close(kChannel);
    std::signal(SIGPIPE, SIG_DFL);  // what is ignored stays so over exec
    execv(path.c_str(), argv.data());
    std::perror(path.c_str());
    return 127;
  };
}

Task::~Task() {
  if (pid_ > 0 && !status_) {
    kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
}

void Task::add_to(std::vector<pollfd>& watched) const {
  for (const Fd* each : {&out_, &err_, &channel_}) {
    if (each->valid()) watched.push_back({each->get(), POLLIN, 0});
  }
}

void Task::read_some() {
  if (out_.valid() && !drain(out_, out, kMostText)) out_.reset();
  if (err_.valid() && !drain(err_, err, kMostText)) err_.reset();
  if (channel_.valid() && !drain(channel_, channel, kMostChannel)) channel_.reset();
}

std::optional<int> Task::ended() {
  if (!status_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      read_some();
      kill(-pid_, SIGKILL);  // what it left behind
      status_ = status;
    }
  }
  return status_;
}

void Task::signal(int number) const {
  if (pid_ > 0 && !status_) kill(-pid_, number);
}

}  // namespace ferry::workbench
