#include "serve/supervisor.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

namespace ferry::serve {
namespace {

// Any one of the workers is worth less than what makes new ones.
constexpr int kOomOffer = 100;

// Taken as orders, or taken and thrown away.
constexpr std::array kOurSignals{SIGTERM, SIGINT, SIGCHLD, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kOurSignals) sigaddset(&set, signal);
  return set;
}

}  // namespace

Supervisor::Supervisor(const PoolOptions& options, SupervisorHooks hooks)
    : hooks_(std::move(hooks)), pool_(options, *this, std::move(hooks_.pool)) {}

std::uint64_t Supervisor::beats(std::size_t slot) const {
  return hooks_.beats ? hooks_.beats(slot) : ++looks_;
}

Result<pid_t> Supervisor::start(std::size_t slot) {
  hooks_.before_start(slot);
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return errno_error("start a worker process", errno);
  }
  if (pid == 0) {
    end_with_parent(parent);
    offer_to_oom_killer(kOomOffer);
    signals_.reset();
    // A terminal sends SIGINT and SIGHUP to all of us; the supervisor decides.
    for (const int ignored : {SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) {
      std::signal(ignored, SIG_IGN);
    }
    const sigset_t set = our_signals();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    const int code = hooks_.worker(slot);
    std::fflush(nullptr);
    _exit(code);
  }
  return pid;
}

void Supervisor::signal(pid_t pid, int signal) { kill(pid, signal); }

void Supervisor::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR);) {
    if (pid < 0) continue;
    pool_.died(pid, status);
    hooks_.on_other_end(pid, status);
  }
}

void Supervisor::on_signal(int signal) {
  if (signal == SIGTERM || signal == SIGINT) {
    pool_.drain();
  } else if (signal == SIGHUP) {
    hooks_.on_hangup();
  }
}

void Supervisor::wait() {
  std::vector<pollfd> watched{{signals_.get(), POLLIN, 0}, {hooks_.attention_fd, POLLIN, 0}};
  for (const SupervisorHooks::Side& side : hooks_.sides) watched.push_back({side.fd(), POLLIN, 0});
  poll(watched.data(), watched.size(), static_cast<int>(pool_.wait().count()));
  std::uint64_t count = 0;
  if ((watched[1].revents & POLLIN) != 0) {
    static_cast<void>(!read(hooks_.attention_fd, &count, sizeof count));
  }
}

ferry::Status Supervisor::run() {
  const sigset_t set = our_signals();
  sigset_t before;
  sigprocmask(SIG_BLOCK, &set, &before);
  signals_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) {
    return errno_error("make a signalfd", errno);
  }
  pool_.step();
  while (!pool_.over()) {
    wait();
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      on_signal(static_cast<int>(info.ssi_signo));
    }
    reap();  // one SIGCHLD may stand for several deaths
    pool_.step();
    for (const SupervisorHooks::Side& side : hooks_.sides) side.step();
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pool_.gave_up()) {
    return Error{Code::kInternal, "the worker processes cannot be started",
                 "the messages above say why"};
  }
  return Done{};
}

}  // namespace ferry::serve
