// The lock between processes: what it excludes, whom it wakes, and what becomes of it when its
// holder dies or its memory is written over.
#include "serve/process_lock.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

struct Memory {
  ProcessLock lock;
  std::atomic<bool> taken{false};
  int counted = 0;  // by whoever holds the lock
};

class ProcessLockTest : public testing::Test {
 protected:
  void SetUp() override {
    void* at =
        mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(at, MAP_FAILED);
    shared_ = new (at) Memory{};
  }
  void TearDown() override { munmap(shared_, sizeof(Memory)); }

  // A child that holds the lock and does nothing.
  pid_t holder() const {
    const pid_t child = fork();
    if (child == 0) {
      if (!shared_->lock.try_take()) _exit(1);
      shared_->taken.store(true);
      for (;;) pause();
    }
    while (!shared_->taken.load()) std::this_thread::yield();
    return child;
  }
  static void end(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }

  Memory* shared_ = nullptr;
};

TEST_F(ProcessLockTest, OneHoldsItAtATime) {
  constexpr int kProcesses = 3;
  constexpr int kTimes = 20'000;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (int n = 0; n < kTimes; ++n) {
        const ProcessLockGuard hold(shared_->lock, seconds(60));
        if (!hold.held()) _exit(1);
        const int before = shared_->counted;
        if (n % 100 == 0) std::this_thread::yield();
        shared_->counted = before + 1;
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(shared_->counted, kProcesses * kTimes);
}

TEST_F(ProcessLockTest, WaitsForItsTimeAndIsWoken) {
  ASSERT_TRUE(shared_->lock.try_take());
  EXPECT_FALSE(shared_->lock.try_take());
  const auto before = steady_clock::now();
  EXPECT_FALSE(shared_->lock.take_within(milliseconds(20)));
  EXPECT_GE(steady_clock::now() - before, milliseconds(20));
  std::thread waiter([&] { EXPECT_TRUE(shared_->lock.take_within(seconds(60))); });
  std::this_thread::sleep_for(milliseconds(20));
  const auto released = steady_clock::now();
  shared_->lock.release();
  waiter.join();
  EXPECT_LT(steady_clock::now() - released, seconds(30));
}

TEST_F(ProcessLockTest, TheParentOfAHolderThatDiedReleasesIt) {
  const pid_t child = holder();
  EXPECT_FALSE(shared_->lock.try_take());
  shared_->lock.let_go(getpid());  // another one
  EXPECT_FALSE(shared_->lock.try_take());
  std::thread waiter([&] { EXPECT_TRUE(shared_->lock.take_within(seconds(60))); });
  end(child);
  const auto released = steady_clock::now();
  shared_->lock.let_go(child);
  waiter.join();
  EXPECT_LT(steady_clock::now() - released, seconds(30));
}

TEST_F(ProcessLockTest, WhatIsWrittenOverItIsReleasedWithTheNextDeath) {
  for (const int byte : {1, 0x41, 0x7f, 0x80, 0xff}) {
    std::memset(static_cast<void*>(&shared_->lock), byte, sizeof(ProcessLock));
    EXPECT_FALSE(shared_->lock.try_take());
    EXPECT_FALSE(shared_->lock.take_within(milliseconds(1)));
    const pid_t child = fork();
    if (child == 0) _exit(0);
    end(child);
    shared_->lock.let_go(child);
    EXPECT_TRUE(shared_->lock.try_take()) << byte;
    shared_->lock.release();
  }
}

}  // namespace
}  // namespace ferry::serve
