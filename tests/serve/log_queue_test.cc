// Lines to readers that stop, go, or share a pipe with others.
#include "serve/log_queue.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "serve/notices.h"

namespace ferry::serve {
namespace {

struct Pipe {
  Pipe() {
    std::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
  }
  // What is there, until `size` bytes or the end.
  std::string read(std::size_t size) const {
    std::string out;
    std::array<char, 65536> part{};
    while (out.size() < size) {
      const ssize_t got =
          ::read(read_end.get(), part.data(), std::min(part.size(), size - out.size()));
      if (got <= 0) break;
      out.append(part.data(), static_cast<std::size_t>(got));
    }
    return out;
  }
  Fd read_end;
  Fd write_end;
};

TEST(LogQueue, WritesWholeLinesInOrder) {
  Pipe pipe;
  auto output = std::move(*LineOutput::make(pipe.write_end.get()));
  std::atomic<std::uint64_t> dropped{0};
  std::string all;
  {
    LogQueue queue(*output, dropped, "ferry");
    for (int i = 0; i < 100; ++i) {
      const std::string line = std::to_string(i) + "\n";
      all += line;
      EXPECT_TRUE(queue.push(line));
    }
  }
  EXPECT_EQ(pipe.read(all.size()), all);
  EXPECT_EQ(dropped, 0U);
}

// Fault R2: a log pipe that nobody read stopped all requests.
TEST(LogQueue, AReaderThatDoesNotReadHoldsUpNobodyAndDropsAreToldOnce) {
  Pipe pipe;
  auto output = std::move(*LineOutput::make(pipe.write_end.get()));
  std::atomic<std::uint64_t> dropped{0};
  const std::string line(999, 'x');
  std::thread reader;
  std::string read;
  {
    LogQueue queue(*output, dropped, "ferry");
    for (int i = 0; i < 5000; ++i) queue.push(line + "\n");  // 5 MB, and it returns
    EXPECT_GT(dropped, 2000U);
    queue.wait_until_written();  // not for ever either
    reader = std::thread([&] { read = pipe.read(64u << 20); });
    queue.wait_until_written();
    while (!queue.push("now\n")) {
    }
    queue.wait_until_written();
    queue.push("then\n");
    queue.wait_until_written();
  }
  pipe.write_end.reset();
  // The queue has a descriptor of its own.
  output.reset();
  reader.join();
  std::size_t told = 0;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < read.size();) {
    const std::size_t end = read.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string each = read.substr(at, end - at);
    told += each.find("log lines were dropped") != std::string::npos ? 1 : 0;
    lines += each == line ? 1 : 0;
    at = end + 1;
  }
  EXPECT_GE(told, 1U);
  EXPECT_LE(told, 2U);
  EXPECT_EQ(lines + dropped, 5000U);
}

// Fault R2: a log whose reader had gone ended the process.
TEST(LogQueue, AReaderThatIsGoneOrAFullDiskOnlyCostsTheLines) {
  for (const bool full : {false, true}) {
    Pipe pipe;
    if (full) {
      pipe.write_end = Fd(open("/dev/full", O_WRONLY | O_CLOEXEC));
    } else {
      pipe.read_end.reset();
    }
    auto output = std::move(*LineOutput::make(pipe.write_end.get()));
    std::atomic<std::uint64_t> dropped{0};
    {
      LogQueue queue(*output, dropped, "ferry");
      for (int i = 0; i < 10; ++i) queue.push("a\nb\n");
      queue.wait_until_written();
    }
    EXPECT_EQ(dropped, 20U);
  }
}

// A function may log up to its limit in one event, which is as much as the queue holds.
TEST(LogQueue, ALineAsLongAsTheQueueIsWritten) {
  Pipe pipe;
  auto output = std::move(*LineOutput::make(pipe.write_end.get()));
  std::atomic<std::uint64_t> dropped{0};
  const std::string line = std::string(LogQueue::kMost + 100, 'x') + "\n";
  std::thread writer([&] {
    {
      LogQueue queue(*output, dropped, "");
      EXPECT_TRUE(queue.push(line));
    }
    pipe.write_end.reset();
    output.reset();
  });
  const std::string all = pipe.read(4u << 20);
  writer.join();
  EXPECT_EQ(all.size(), line.size());
  EXPECT_EQ(dropped, 0U);
}

// Fault R7: lines of two workers in one pipe were cut and spliced.
TEST(LogQueue, LinesOfSeveralProcessesStayWhole) {
  Pipe pipe;
  auto output = std::move(*LineOutput::make(pipe.write_end.get()));
  constexpr int kProcesses = 3;
  constexpr int kLines = 3000;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t pid = fork();
    if (pid == 0) {
      pipe.read_end.reset();
      std::atomic<std::uint64_t> dropped{0};
      {
        LogQueue queue(*output, dropped, "");
        for (int i = 0; i < kLines; ++i) {
          // Most are short; some are longer than a pipe writes in one piece.
          const std::size_t size = i % 50 == 0 ? 3 * PIPE_BUF : static_cast<std::size_t>(i % 90);
          queue.push(std::string(1, static_cast<char>('a' + p)) +
                     std::string(size, static_cast<char>('A' + p)) + "\n");
          if (i % 50 == 0) queue.wait_until_written();
        }
        queue.wait_until_written();
      }
      _exit(dropped == 0 ? 0 : 1);
    }
    children.push_back(pid);
  }
  pipe.write_end.reset();
  output.reset();
  const std::string all = pipe.read(256u << 20);
  for (const pid_t pid : children) {
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  int lines = 0;
  for (std::size_t at = 0; at < all.size(); ++lines) {
    const std::size_t end = all.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string line = all.substr(at, end - at);
    ASSERT_FALSE(line.empty());
    ASSERT_EQ(line.substr(1), std::string(line.size() - 1, static_cast<char>(line[0] - 'a' + 'A')));
    at = end + 1;
  }
  EXPECT_EQ(lines, kProcesses * kLines);
}

TEST(LogQueue, AProcessThatDiesWithinALineSpoilsOnlyThatLine) {
  Pipe pipe;
  auto output = std::move(*LineOutput::make(pipe.write_end.get()));
  const pid_t pid = fork();
  if (pid == 0) {
    const std::atomic<bool> go_on{false};
    output->write(std::string(1u << 20, 'x') + "\n", go_on);  // the pipe is full long before
    _exit(0);
  }
  int there = 0;
  while (there < 4 * PIPE_BUF) ioctl(pipe.read_end.get(), FIONREAD, &there);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  output->let_go(pid);
  std::thread writer([&] {
    const std::atomic<bool> go_on{false};
    output->write("whole\n", go_on);
    pipe.write_end.reset();
    output.reset();
  });
  const std::string rest = pipe.read(2u << 20);
  writer.join();
  EXPECT_TRUE(rest.ends_with("x\nwhole\n")) << rest.size();
}

// Anonymous memory that this process shares with others.
std::vector<std::pair<char*, std::size_t>> shared_memory() {
  std::vector<std::pair<char*, std::size_t>> out;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    // NOLINTNEXTLINE(cert-err34-c): the kernel wrote it
    if (line.find("/dev/zero") == std::string::npos ||
        std::sscanf(line.c_str(), "%lx-%lx", &from, &to) != 2) {
      continue;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    out.emplace_back(reinterpret_cast<char*>(from), to - from);
  }
  return out;
}

// Code that broke out of a function in a worker is in the sandbox; the supervisor is not, and
// shares this memory with it.
TEST(LineOutput, WhatAnotherProcessWritesIntoTheSharedMemoryIsNoAddress) {
  const Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  auto output = std::move(*LineOutput::make(null.get()));
  const auto shared = shared_memory();
  ASSERT_FALSE(shared.empty());
  const pid_t self = getpid();
  const pid_t worker = fork();
  if (worker == 0) {
    end_with_parent(self);  // where this test fails
    for (;;) {
      for (const int byte : {0x41, 0}) {
        for (const auto& [at, size] : shared) std::memset(at, byte, size);
      }
    }
  }
  int written = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (std::chrono::steady_clock::now() < until) written += output->try_write("x\n") ? 1 : 0;
  EXPECT_GT(written, 0);
  for (const auto& [at, size] : shared) std::memset(at, 0x41, size);
  kill(worker, SIGKILL);
  waitpid(worker, nullptr, 0);
  output->let_go(worker);
  const std::atomic<bool> go_on{false};
  EXPECT_EQ(output->write("after it\n", go_on), 9U);
}

TEST(Notices, WaitForAReaderWithoutWaiting) {
  Pipe pipe;
  auto output = std::move(*LineOutput::make(pipe.write_end.get()));
  const std::string fill(PIPE_BUF, '.');
  std::size_t filled = 0;
  while (output->try_write(fill)) filled += fill.size();
  Notices notices(*output, "ferry");
  notices.add("one");
  notices.add("two");
  EXPECT_EQ(pipe.read(filled), std::string(filled, '.'));
  notices.step();
  EXPECT_EQ(pipe.read(22), "ferry: one\nferry: two\n");
}

}  // namespace
}  // namespace ferry::serve
