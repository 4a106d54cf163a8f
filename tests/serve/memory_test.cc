#include "serve/memory.h"

#include <atomic>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fake_root.h"

namespace ferry::serve {
namespace {

using Pressure = FakeRoot;

TEST_F(Pressure, WhatIsNotThereIsNotWatched) {
  EXPECT_FALSE(open_memory_pressure(root_).valid());
  write("/proc/self/cgroup", "0::no-slash");
  EXPECT_FALSE(open_memory_pressure(root_).valid());
}

TEST_F(Pressure, ThePressureOfItsOwnGoesFirst) {
  write("/proc/self/cgroup", "0::/own\n");
  write("/proc/pressure/memory", "");
  write("/sys/fs/cgroup/own/memory.pressure", "");
  EXPECT_TRUE(open_memory_pressure(root_).valid());
  std::ifstream own(root_ + "/sys/fs/cgroup/own/memory.pressure");
  std::string word;
  own >> word;
  EXPECT_EQ(word, "some");
  EXPECT_EQ(std::filesystem::file_size(root_ + "/proc/pressure/memory"), 0u);
}

// Urgent data of TCP raises POLLPRI, as a trigger of the kernel does.
struct Urgent {
  Urgent() {
    const Fd listener(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(bind(listener.get(), address, size), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    EXPECT_EQ(getsockname(listener.get(), address, &size), 0);
    sender = Fd(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(connect(sender.get(), address, size), 0);
    receiver = Fd(accept(listener.get(), nullptr, nullptr));
  }
  Fd sender;
  Fd receiver;
};

TEST(PressureWatch, CallsWhenMemoryIsShort) {
  Urgent urgent;
  const int receiver = urgent.receiver.get();
  std::atomic<int> calls{0};
  auto watch = PressureWatch::make(std::move(urgent.receiver), [&] {
    char taken = 0;
    EXPECT_EQ(recv(receiver, &taken, 1, MSG_OOB), 1);
    ++calls;
  });
  ASSERT_TRUE(watch.ok()) << watch.error().text();
  EXPECT_EQ(calls.load(), 0);
  ASSERT_EQ(send(urgent.sender.get(), "!", 1, MSG_OOB), 1);
  for (int i = 0; i < 500 && calls.load() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(calls.load(), 1);
}

TEST(PressureWatch, EndsWhereTheKernelTellsNothingMore) {
  Fd closed(socket(AF_INET, SOCK_STREAM, 0));
  auto watch = PressureWatch::make(std::move(closed), [] {});
  ASSERT_TRUE(watch.ok());
  watch->reset();
}

}  // namespace
}  // namespace ferry::serve
