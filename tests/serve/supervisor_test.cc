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

pid_t supervise(const SupervisorOptions& options, SupervisorHooks hooks) {
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
  SupervisorOptions options{.workers = 1};
  options.first_backoff = std::chrono::milliseconds(1);
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
  hooks.on_drain = [=] { ++shared->finished; };
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
  SupervisorOptions options{.workers = 1};
  options.grace = std::chrono::milliseconds(10);
  pid_t pid = supervise(options, std::move(hooks));
  wait_until(shared->ready, 1);
  kill(pid, SIGTERM);
  EXPECT_EQ(exit_of(pid), 0);
}

}  // namespace
}  // namespace ferry::serve
