// The supervisor's decisions against a machine of the test's own, on which time, forks, deaths and
// heartbeats are what a seed says. A failure names its seed: FERRY_SEED=N runs that history alone.
#include "serve/worker_pool.h"

#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>

#include <gtest/gtest.h>

namespace ferry::serve {
namespace {

using std::chrono::milliseconds;

class FakeMachine final : public Machine {
 public:
  struct Process {
    std::size_t slot = 0;
    bool alive = true;
    bool buried = false;
    bool ready = false;
    bool stopped = false;
    bool leaving = false;
    int status = 0;
    Monotonic ready_at;
    std::optional<Monotonic> ends_at;  // draining
    std::uint64_t beats = 0;
    Monotonic stopped_at;
  };

  Monotonic now() const override { return now_; }

  Result<pid_t> start(std::size_t slot) override {
    if (forks_fail) return Error{Code::kIo, "start a worker process: no", ""};
    const pid_t pid = next_pid_++;
    Process process;
    process.slot = slot;
    process.ready_at = now_ + milliseconds(5 + start_takes);
    processes[pid] = process;
    newest_[slot] = pid;
    ++starts;
    return pid;
  }

  void signal(pid_t pid, int signal) override {
    Process& process = processes.at(pid);
    if (!process.alive) return;
    if (signal == SIGKILL) {
      kills.push_back(pid);
      end(process, SIGKILL);
    } else if (!process.ends_at) {
      process.ends_at = now_ + milliseconds(drain_takes);
    }
  }

  bool is_ready(std::size_t slot) const override { return newest(slot).ready; }
  bool is_leaving(std::size_t slot) const override { return newest(slot).leaving; }
  std::uint64_t beats(std::size_t slot) const override { return newest(slot).beats; }

  // Time passes, and processes do what they do by themselves.
  void pass(milliseconds time) {
    now_ += time;
    for (auto& [pid, process] : processes) {
      if (!process.alive || process.stopped) continue;
      if (process.ready_at <= now_ && !never_ready) process.ready = true;
      if (process.ready) ++process.beats;
      if (process.ends_at && *process.ends_at <= now_) end(process, 0);
    }
  }

  static void end(Process& process, int status) {
    process.alive = false;
    process.status = status;
  }

  std::map<pid_t, Process> processes;
  std::vector<pid_t> kills;
  bool forks_fail = false;
  bool never_ready = false;
  long start_takes = 0;
  long drain_takes = 20;
  int starts = 0;

 private:
  const Process& newest(std::size_t slot) const { return processes.at(newest_.at(slot)); }

  Monotonic now_{std::chrono::hours(1)};
  pid_t next_pid_ = 1000;
  std::map<std::size_t, pid_t> newest_;
};

struct History {
  explicit History(const PoolOptions& options, PoolHooks hooks = {})
      : pool(options, machine, std::move(hooks)) {}

  void reap() {
    for (auto& [pid, process] : machine.processes) {
      if (!process.alive && !process.buried) {
        process.buried = true;
        pool.died(pid, process.status);
      }
    }
  }
  // As the supervisor's loop: wakes when the pool asked for it, or earlier.
  void go_on(milliseconds time) {
    const Monotonic until = machine.now() + time;
    while (machine.now() < until) {
      const auto left = std::chrono::ceil<milliseconds>(until - machine.now());
      machine.pass(std::clamp(pool.wait(), milliseconds(1), left));
      reap();
      pool.step();
    }
  }
  FakeMachine::Process& of(std::size_t index) { return machine.processes.at(pool.pid_of(index)); }
  std::size_t serving() {
    std::size_t count = 0;
    for (const auto& [pid, process] : machine.processes) {
      count += process.alive && process.ready && !process.stopped && !process.ends_at ? 1 : 0;
    }
    return count;
  }

  FakeMachine machine;
  WorkerPool pool;
};

// Fault R4: one fork that failed ended the whole server.
TEST(WorkerPool, AForkThatFailsIsTriedAgainWhileTheOthersServe) {
  int failed = 0;
  PoolHooks hooks;
  hooks.on_start_failed = [&](std::size_t, const Error&, milliseconds) { ++failed; };
  History run({.workers = 2}, std::move(hooks));
  run.pool.step();
  run.go_on(milliseconds(100));
  run.machine.forks_fail = true;
  FakeMachine::end(run.of(0), SIGKILL);
  run.go_on(std::chrono::minutes(5));
  EXPECT_FALSE(run.pool.draining());
  EXPECT_EQ(run.serving(), 1U);
  EXPECT_GT(failed, 10);
  EXPECT_LT(failed, 50) << "the pauses must grow";
  run.machine.forks_fail = false;
  run.go_on(std::chrono::seconds(11));
  EXPECT_EQ(run.serving(), 2U);
}

// Fault R3: a successor that could not start had the healthy worker drained.
TEST(WorkerPool, AHealthyWorkerIsNotEndedForItsNeighbour) {
  History run({.workers = 2});
  run.pool.step();
  run.go_on(milliseconds(100));
  run.machine.never_ready = true;
  for (int i = 0; i < 20; ++i) {
    if (run.pool.pid_of(0) != 0) FakeMachine::end(run.of(0), 256);
    run.go_on(std::chrono::seconds(11));
  }
  EXPECT_FALSE(run.pool.draining());
  EXPECT_TRUE(run.of(1).alive);
  EXPECT_TRUE(run.machine.kills.empty());
}

TEST(WorkerPool, GivesUpWhenNoneWasEverReady) {
  History run({.workers = 2});
  run.machine.forks_fail = true;
  run.pool.step();
  run.go_on(std::chrono::minutes(2));
  EXPECT_TRUE(run.pool.gave_up());
  EXPECT_TRUE(run.pool.over());
}

TEST(WorkerPool, SaysWhichPlacesAnswer) {
  std::vector<bool> answering;
  PoolHooks hooks;
  hooks.on_answering = [&](const std::vector<bool>& now) { answering = now; };
  History run({.workers = 2}, std::move(hooks));
  run.pool.step();
  run.go_on(milliseconds(100));
  EXPECT_TRUE(answering.empty()) << "nothing to say while all answer";
  run.of(1).stopped = true;
  run.go_on(std::chrono::seconds(5));
  EXPECT_EQ(answering, (std::vector<bool>{true, false}));
  EXPECT_TRUE(run.pool.is_stuck(1));
  run.of(1).stopped = false;
  run.go_on(std::chrono::seconds(2));
  EXPECT_EQ(answering, (std::vector<bool>{true, true}));
  EXPECT_TRUE(run.machine.kills.empty());
}

TEST(WorkerPool, AfterASuspendedMachineNobodyIsKilled) {
  History run({.workers = 2});
  run.pool.step();
  run.go_on(std::chrono::seconds(3));
  for (auto& [pid, process] : run.machine.processes) process.stopped = true;
  run.machine.pass(std::chrono::hours(9));
  for (auto& [pid, process] : run.machine.processes) process.stopped = false;
  run.pool.step();  // the supervisor wakes first
  run.go_on(std::chrono::seconds(30));
  EXPECT_TRUE(run.machine.kills.empty());
  EXPECT_EQ(run.machine.starts, 2);
}

// Fault R12: a drain that is cut must be said.
TEST(WorkerPool, ADrainThatIsCutIsSaid) {
  std::size_t cut = 0;
  PoolHooks hooks;
  hooks.on_cut = [&](std::size_t count) { cut += count; };
  History run({.workers = 2}, std::move(hooks));
  run.pool.step();
  run.go_on(milliseconds(100));
  run.machine.drain_takes = 40'000;
  run.pool.drain();
  run.go_on(std::chrono::seconds(29));
  EXPECT_FALSE(run.pool.was_cut());
  run.go_on(std::chrono::seconds(2));
  EXPECT_TRUE(run.pool.was_cut());
  EXPECT_EQ(cut, 2U);
  EXPECT_TRUE(run.pool.over());
}

std::vector<pid_t> pids_of(const WorkerPool& pool) {
  std::vector<pid_t> pids;
  for (std::size_t i = 0; i < pool.size(); ++i) pids.push_back(pool.pid_of(i));
  return pids;
}

struct Renewals {
  explicit Renewals(PoolHooks& hooks) {
    hooks.on_renewed = [this](const Status& renewed) { ++(renewed.ok() ? done : failed); };
  }
  int done = 0;
  int failed = 0;
};

TEST(WorkerPool, SuccessorsTakeOverTogetherOnceAllAreReady) {
  PoolHooks hooks;
  const Renewals renewals(hooks);
  History run({.workers = 2}, std::move(hooks));
  run.pool.step();
  EXPECT_FALSE(run.pool.renew()) << "they have not started yet";
  run.go_on(milliseconds(100));
  const std::vector<pid_t> before = pids_of(run.pool);
  run.machine.start_takes = 500;
  ASSERT_TRUE(run.pool.renew());
  EXPECT_FALSE(run.pool.renew()) << "one after the other";
  run.go_on(milliseconds(400));
  EXPECT_EQ(pids_of(run.pool), before);
  EXPECT_EQ(run.serving(), 2U);
  run.go_on(milliseconds(200));
  EXPECT_EQ(renewals.done, 1);
  for (const pid_t pid : before) EXPECT_FALSE(run.machine.processes.at(pid).alive);
  EXPECT_EQ(run.serving(), 2U);
  EXPECT_EQ(run.pool.restarts(), 0U);
  EXPECT_TRUE(run.machine.kills.empty());
  run.machine.start_takes = 0;
  ASSERT_TRUE(run.pool.renew()) << "and again, back in the first slots";
  run.go_on(milliseconds(200));
  EXPECT_EQ(renewals.done, 2);
  EXPECT_EQ(run.serving(), 2U);
}

TEST(WorkerPool, WhereOneSuccessorFailsTheWorkersBeforeGoOn) {
  PoolHooks hooks;
  const Renewals renewals(hooks);
  History run({.workers = 2}, std::move(hooks));
  run.pool.step();
  run.go_on(milliseconds(100));
  const std::vector<pid_t> before = pids_of(run.pool);
  run.machine.start_takes = 500;
  ASSERT_TRUE(run.pool.renew());
  FakeMachine::end(run.machine.processes.rbegin()->second, 256);
  run.go_on(milliseconds(600));
  EXPECT_EQ(renewals.failed, 1);
  run.machine.forks_fail = true;
  ASSERT_TRUE(run.pool.renew());
  EXPECT_EQ(renewals.failed, 2);
  run.machine.forks_fail = false;
  run.machine.never_ready = true;
  ASSERT_TRUE(run.pool.renew());
  run.go_on(std::chrono::minutes(3));
  EXPECT_EQ(renewals.failed, 3);
  EXPECT_EQ(renewals.done, 0);
  EXPECT_EQ(pids_of(run.pool), before);
  EXPECT_EQ(run.serving(), 2U);
}

TEST(WorkerPool, AWorkerThatDiesWhileAllAreRenewedIsSucceededOnce) {
  History run({.workers = 2});
  run.pool.step();
  run.go_on(milliseconds(100));
  run.machine.start_takes = 500;
  ASSERT_TRUE(run.pool.renew());
  FakeMachine::end(run.of(0), SIGSEGV);
  run.go_on(milliseconds(600));
  EXPECT_EQ(run.machine.starts, 4);
  EXPECT_EQ(run.serving(), 2U);
}

TEST(WorkerPool, AnOrderToEndComesBeforeARenewal) {
  PoolHooks hooks;
  const Renewals renewals(hooks);
  History run({.workers = 2}, std::move(hooks));
  run.pool.step();
  run.go_on(milliseconds(100));
  run.machine.start_takes = 500;
  ASSERT_TRUE(run.pool.renew());
  run.pool.drain();
  run.go_on(milliseconds(100));
  EXPECT_EQ(renewals.failed, 1);
  EXPECT_TRUE(run.pool.over());
}

// A history of faults, then quiet: all workers serve within a bound. Then the order to drain: all
// processes end within the grace. Never is a process killed that answered.
void check_history(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto chance = [&](int of_hundred) { return static_cast<int>(random() % 100) < of_hundred; };
  PoolOptions options;
  options.workers = 1 + random() % 4;
  History run(options);
  run.machine.start_takes = static_cast<long>(random() % 200);
  run.pool.step();
  run.go_on(milliseconds(300));  // one was ready once
  ASSERT_EQ(run.serving(), options.workers) << "seed " << seed;
  std::map<pid_t, Monotonic> stopped;
  for (int i = 0; i < 30; ++i) {
    run.machine.forks_fail = chance(20);
    run.machine.never_ready = chance(10);
    run.machine.start_takes = static_cast<long>(random() % 2000);
    for (auto& [pid, process] : run.machine.processes) {
      if (!process.alive) continue;
      if (chance(8)) FakeMachine::end(process, chance(50) ? SIGSEGV : 256);
      if (chance(8) && !process.stopped) {
        process.stopped = true;
        stopped[pid] = run.machine.now();
      } else if (chance(30)) {
        process.stopped = false;
        stopped.erase(pid);
      }
      if (chance(5) && process.ready && process.alive) {
        process.leaving = true;
        process.ends_at = run.machine.now() + milliseconds(random() % 5000);
      }
    }
    if (chance(5)) run.machine.pass(std::chrono::hours(1));  // suspended
    if (chance(15)) run.pool.renew();
    const std::size_t kills = run.machine.kills.size();
    run.go_on(milliseconds(random() % 4000));
    for (std::size_t k = kills; k < run.machine.kills.size(); ++k) {
      const pid_t pid = run.machine.kills[k];
      const auto& process = run.machine.processes.at(pid);
      ASSERT_TRUE(stopped.contains(pid) || !process.ready) << "seed " << seed << ": a healthy one";
    }
    for (std::size_t place = 0; place < options.workers; ++place) {
      std::size_t here = 0;
      for (const auto& [pid, process] : run.machine.processes) {
        const bool stays = process.alive && !process.leaving && !process.ends_at;
        here += stays && process.slot % options.workers == place ? 1 : 0;
      }
      ASSERT_LE(here, run.pool.renewing() ? 2U : 1U) << "seed " << seed << ": too many in a place";
    }
  }
  ASSERT_FALSE(run.pool.draining()) << "seed " << seed;
  run.machine.forks_fail = run.machine.never_ready = false;
  run.machine.start_takes = 0;
  // The longest: a stopped worker is noticed, or a start that hangs, and a pause.
  run.go_on(options.start_bound + options.longest_pause + std::chrono::seconds(15));
  ASSERT_EQ(run.serving(), options.workers) << "seed " << seed << ": an outage beyond the bound";
  run.machine.drain_takes = chance(50) ? 40'000 : static_cast<long>(random() % 29'000);
  run.pool.drain();
  run.go_on(options.grace + std::chrono::seconds(1));
  ASSERT_TRUE(run.pool.over()) << "seed " << seed;
  ASSERT_EQ(run.pool.was_cut(), run.machine.drain_takes > 30'000) << "seed " << seed;
}

TEST(WorkerPool, AThousandHistoriesOfFaultsEndWell) {
  if (const char* seed = std::getenv("FERRY_SEED"); seed != nullptr) {
    check_history(std::stoull(seed));
    return;
  }
  for (std::uint64_t seed = 1; seed <= 1000 && !HasFatalFailure(); ++seed) check_history(seed);
}

}  // namespace
}  // namespace ferry::serve
