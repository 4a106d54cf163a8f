#include "serve/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReadyPoll{10};
constexpr milliseconds kIdlePoll{1000};

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGCHLD, SIGHUP}) {
    sigaddset(&set, signal);
  }
  return set;
}

Monotonic now() { return std::chrono::steady_clock::now(); }

}  // namespace

Supervisor::Supervisor(const SupervisorOptions& options, SupervisorHooks hooks)
    : options_(options), hooks_(std::move(hooks)), workers_(options.workers) {}

ferry::Status Supervisor::start(std::size_t index) {
  std::fflush(nullptr);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) {
    return errno_error("start a worker process", errno);
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
      _exit(1);  // it died before we asked to be told
    }
    signals_.reset();
    std::signal(SIGINT, SIG_IGN);  // a terminal sends it to all of us; the supervisor decides
    std::signal(SIGHUP, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t set = our_signals();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    int code = hooks_.worker(index);
    std::fflush(nullptr);
    _exit(code);
  }
  workers_[index].pid = pid;
  workers_[index].was_ready = false;
  return Done{};
}

void Supervisor::bury(Worker& worker, std::size_t index, int status) {
  worker.pid = 0;
  if (draining_) {
    return;
  }
  // It may have been ready for less than the time between two looks.
  worker.was_ready = worker.was_ready || hooks_.is_ready(index);
  hooks_.on_death(index, status);
  ++restarts_;
  worker.failed_starts = worker.was_ready ? 0 : worker.failed_starts + 1;
  if (worker.failed_starts >= options_.max_failed_starts) {
    given_up_ = true;
    drain();
    return;
  }
  worker.start_at =
      now() +
      (worker.was_ready ? milliseconds(0) : options_.first_backoff * (1u << worker.failed_starts));
}

void Supervisor::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (workers_[i].pid == pid) {
        bury(workers_[i], i, status);
      }
    }
  }
}

void Supervisor::kill_all(int signal) const {
  for (const Worker& worker : workers_) {
    if (worker.pid > 0) {
      kill(worker.pid, signal);
    }
  }
}

void Supervisor::drain() {
  if (draining_) {
    return;
  }
  draining_ = true;
  kill_at_ = now() + options_.grace;
  hooks_.on_drain();
  kill_all(SIGTERM);
}

void Supervisor::on_signal(int signal) {
  switch (signal) {
    case SIGCHLD:
      reap();
      break;
    case SIGTERM:
    case SIGINT:
      if (draining_) {
        kill_all(SIGKILL);
      } else {
        drain();
      }
      break;
    default:
      break;  // SIGHUP: a terminal that closes is no order
  }
}

bool Supervisor::any_alive() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const Worker& worker) { return worker.pid > 0; });
}

void Supervisor::check_ready() {
  bool all = true;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    worker.was_ready = worker.was_ready || (worker.pid > 0 && hooks_.is_ready(i));
    all &= worker.was_ready;
  }
  if (all && !announced_ && !draining_) {
    announced_ = true;
    hooks_.on_ready();
  }
}

int Supervisor::timeout_ms() const {
  milliseconds timeout = kIdlePoll;
  for (const Worker& worker : workers_) {
    if (!draining_ && (worker.pid == 0 || !worker.was_ready)) {
      timeout = kReadyPoll;
    }
  }
  if (draining_) {
    auto left = std::chrono::ceil<milliseconds>(kill_at_ - now());
    timeout = std::clamp(left, milliseconds(0), timeout);
  }
  return static_cast<int>(timeout.count());
}

ferry::Status Supervisor::run() {
  sigset_t set = our_signals();
  sigset_t before;
  sigprocmask(SIG_BLOCK, &set, &before);
  signals_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) {
    return errno_error("make a signalfd", errno);
  }
  while (!draining_ || any_alive()) {
    for (std::size_t i = 0; i < workers_.size() && !draining_; ++i) {
      if (workers_[i].pid == 0 && now() >= workers_[i].start_at) {
        if (ferry::Status started = start(i); !started.ok()) {
          given_up_ = true;
          drain();
        }
      }
    }
    std::array<pollfd, 2> watched{{{signals_.get(), POLLIN, 0}, {hooks_.side_fd, POLLIN, 0}}};
    poll(watched.data(), watched.size(), timeout_ms());
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      on_signal(static_cast<int>(info.ssi_signo));
    }
    check_ready();
    hooks_.side_step();
    if (draining_ && now() >= kill_at_) {
      kill_all(SIGKILL);
    }
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (given_up_) {
    return Error{
        Code::kInternal,
        fmt::format("a worker process failed to start {} times", options_.max_failed_starts),
        "its message stands above"};
  }
  return Done{};
}

}  // namespace ferry::serve
