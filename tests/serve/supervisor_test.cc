// Real processes: restart, giving up, draining. The supervisor runs in a child of the test, so
// that its signals are its own.
#include "serve/supervisor.h"

#include <atomic>
#include <csignal>
#include <new>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

struct Shared {
  std::atomic<int> leaving{0};
  std::atomic<int> beats{0};
  std::atomic<int> starts{0};
  std::atomic<int> ready{0};
  std::atomic<int> finished{0};
  std::atomic<int> pid{0};
};

Shared* make_shared_memory() {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return new (memory) Shared();
}

void wait_until(const std::atomic<int>& value, int wanted) {
  while (value.load() < wanted) {
    usleep(1000);
  }
}

pid_t supervise(const PoolOptions& options, SupervisorHooks hooks) {
  pid_t pid = fork();
  if (pid == 0) {
    Supervisor supervisor(options, std::move(hooks));
    _exit(supervisor.run().ok() ? 0 : 7);
  }
  return pid;
}

int exit_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::atomic<bool> told{false};

// Works until told to drain, then takes a moment to finish.
int work(Shared* shared) {
  std::signal(SIGTERM, [](int) { told = true; });
  shared->pid = getpid();
  ++shared->starts;
  ++shared->ready;
  while (!told) {
    usleep(1000);
  }
  usleep(20'000);
  ++shared->finished;
  return 0;
}

TEST(Supervisor, DrainsAllWorkersOnSigterm) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) { return work(shared); };
  pid_t pid = supervise({.workers = 3}, std::move(hooks));
  wait_until(shared->ready, 3);
  kill(pid, SIGHUP);  // no order
  kill(pid, SIGTERM);
  EXPECT_EQ(exit_of(pid), 0);
  EXPECT_EQ(shared->starts, 3);
  EXPECT_EQ(shared->finished, 3);
}

TEST(Supervisor, ReplacesAWorkerThatDied) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) { return work(shared); };
  hooks.is_ready = [=](std::size_t) { return shared->ready > 0; };
  pid_t pid = supervise({.workers = 1}, std::move(hooks));
  for (int i = 1; i <= 6; ++i) {  // more often than it may fail to start
    wait_until(shared->starts, i);
    kill(shared->pid, SIGKILL);
  }
  wait_until(shared->starts, 7);
  kill(pid, SIGINT);
  EXPECT_EQ(exit_of(pid), 0);
  EXPECT_EQ(shared->finished, 1);
}

TEST(Supervisor, GivesUpOnWorkersThatNeverStart) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) {
    ++shared->starts;
    return 1;
  };
  hooks.is_ready = [](std::size_t) { return false; };
  PoolOptions options{.workers = 1};
  options.first_pause = std::chrono::milliseconds(1);
  EXPECT_EQ(exit_of(supervise(options, std::move(hooks))), 7);
  EXPECT_EQ(shared->starts, 4);
}

TEST(Supervisor, ASecondSignalEndsWorkersThatDoNotFinish) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) {
    std::signal(SIGTERM, SIG_IGN);
    ++shared->ready;
    for (;;) {
      pause();
    }
    return 0;
  };
  hooks.pool.on_drain = [=] { ++shared->finished; };
  pid_t pid = supervise({.workers = 2}, std::move(hooks));
  wait_until(shared->ready, 2);
  kill(pid, SIGTERM);
  wait_until(shared->finished, 1);
  kill(pid, SIGTERM);
  EXPECT_EQ(exit_of(pid), 0);
}

TEST(Supervisor, GraceEndsWorkersThatDoNotFinish) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) {
    std::signal(SIGTERM, SIG_IGN);
    ++shared->ready;
    for (;;) {
      pause();
    }
    return 0;
  };
  PoolOptions options{.workers = 1};
  options.grace = std::chrono::milliseconds(10);
  pid_t pid = supervise(options, std::move(hooks));
  wait_until(shared->ready, 1);
  kill(pid, SIGTERM);
  EXPECT_EQ(exit_of(pid), 0);
}

// Fault R12: SIGPIPE or SIGUSR1 to the supervisor ended it, and all workers with it.
TEST(Supervisor, SignalsThatAreNoOrdersEndNothing) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) { return work(shared); };
  const pid_t pid = supervise({.workers = 1}, std::move(hooks));
  wait_until(shared->ready, 1);
  for (const int signal : {SIGPIPE, SIGUSR1, SIGUSR2, SIGHUP}) {
    kill(pid, signal);
    kill(shared->pid, signal == SIGHUP ? 0 : signal);
  }
  kill(pid, SIGTERM);
  EXPECT_EQ(exit_of(pid), 0);
  EXPECT_EQ(shared->starts, 1);
  EXPECT_EQ(shared->finished, 1);
}

// Fault R1: what was sent to a worker that was told to end hung, also after its successor came.
TEST(Supervisor, AWorkerThatIsToldToEndGetsASuccessorBesideIt) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) {
    std::signal(SIGTERM, [](int) { told = true; });
    shared->pid = getpid();
    const int nth = ++shared->starts;
    ++shared->ready;
    while (!told) usleep(1000);
    if (nth == 1) {
      shared->leaving = 1;
      wait_until(shared->starts, 2);  // it ends after its successor has come
    }
    ++shared->finished;
    return 0;
  };
  hooks.before_start = [=](std::size_t) { shared->leaving = 0; };
  hooks.is_leaving = [=](std::size_t) { return shared->leaving > 0; };
  const pid_t pid = supervise({.workers = 1}, std::move(hooks));
  wait_until(shared->ready, 1);
  kill(shared->pid, SIGTERM);
  wait_until(shared->ready, 2);
  kill(pid, SIGTERM);
  EXPECT_EQ(exit_of(pid), 0);
  EXPECT_EQ(shared->finished, 2);
}

// Fault R9: nobody noticed a worker that was stopped.
TEST(Supervisor, AStoppedWorkerIsReplaced) {
  Shared* shared = make_shared_memory();
  SupervisorHooks hooks;
  hooks.worker = [=](std::size_t) {
    std::signal(SIGTERM, [](int) { told = true; });
    shared->pid = getpid();
    ++shared->starts;
    while (!told) {
      ++shared->beats;
      usleep(1000);
    }
    return 0;
  };
  hooks.beats = [=](std::size_t) { return static_cast<std::uint64_t>(shared->beats.load()); };
  PoolOptions options{.workers = 1};
  options.beat = std::chrono::milliseconds(200);
  options.replaced_after = 5;
  const pid_t pid = supervise(options, std::move(hooks));
  wait_until(shared->beats, 1);
  kill(shared->pid, SIGSTOP);
  wait_until(shared->starts, 2);
  kill(pid, SIGTERM);
  EXPECT_EQ(exit_of(pid), 0);
}

}  // namespace
}  // namespace ferry::serve
