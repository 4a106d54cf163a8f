#include "http/listener.h"

#include <atomic>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/pinning.h"

namespace ferry::http {
namespace {

sockaddr_in loopback(unsigned port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  return at;
}

unsigned port_of(const Listeners& listeners) {
  return static_cast<unsigned>(
      std::stoul(listeners.address.substr(listeners.address.rfind(':') + 1)));
}

// Connects again and again until somebody takes it.
Fd connected(unsigned port, const std::atomic<bool>& stop) {
  const sockaddr_in at = loopback(port);
  while (!stop) {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return fd;
  }
  return Fd();
}

TEST(Listener, WhoeverIsConnectedCanBeAccepted) {
  unsigned port = 0;
  {
    const auto chosen = listen_on("127.0.0.1:0", 1);
    ASSERT_TRUE(chosen.ok());
    EXPECT_TRUE(chosen->port_chosen);
    port = port_of(*chosen);
  }
  for (int i = 0; i < 1500; ++i) {
    std::atomic<bool> stop = false;
    Fd client;
    std::thread eager([&] { client = connected(port, stop); });
    const auto listeners = listen_on("127.0.0.1:" + std::to_string(port), 1);
    if (!listeners.ok()) stop = true;
    pollfd waiting{listeners.ok() ? listeners->sockets[0].get() : -1, POLLIN, 0};
    const int ready = listeners.ok() ? poll(&waiting, 1, 2000) : 0;
    eager.join();
    ASSERT_TRUE(listeners.ok()) << listeners.error().text();
    ASSERT_EQ(ready, 1) << "round " << i << ": connected, and then reset";
  }
}

TEST(Listener, ConnectionsGoToTheSocketOfTheCoreTheyArriveOn) {
  const std::vector<int> cores = own_cores();
  if (cores.size() < 2) GTEST_SKIP() << "one core";
  const auto listeners = listen_on("127.0.0.1:0", 2);
  ASSERT_TRUE(listeners.ok()) << listeners.error().text();
  ASSERT_TRUE(steer_by_core(*listeners, cores).ok());
  for (std::size_t i = 0; i < 40; ++i) {
    const std::size_t where = i % 2;
    const std::atomic<bool> stop = false;
    Fd client;
    std::thread on_core([&] {
      ASSERT_TRUE(keep_to_core(cores[where]).ok());
      client = connected(port_of(*listeners), stop);
    });
    on_core.join();
    pollfd waiting{listeners->sockets[where].get(), POLLIN, 0};
    ASSERT_EQ(poll(&waiting, 1, 2000), 1) << "from core " << cores[where];
    const Fd accepted(accept4(listeners->sockets[where].get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(accepted.valid());
  }
}

// How many of these connections each socket has, which are taken off its queue.
std::vector<int> taken_by(const Listeners& listeners, int connections) {
  const std::atomic<bool> stop = false;
  std::vector<Fd> clients;
  clients.reserve(static_cast<std::size_t>(connections));
  for (int i = 0; i < connections; ++i) clients.push_back(connected(port_of(listeners), stop));
  std::vector<int> taken(listeners.sockets.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    while (Fd(accept4(listeners.sockets[i].get(), nullptr, nullptr, SOCK_CLOEXEC)).valid()) {
      ++taken[i];
    }
  }
  return taken;
}

// A worker that pauses or hangs gets none of the new connections, with cores of their own or not.
TEST(Listener, ConnectionsGoAroundTheSocketOfAWorkerThatTakesNone) {
  for (const std::vector<int>& cores : {std::vector<int>(), own_cores()}) {
    const auto listeners = listen_on("127.0.0.1:0", 3);
    ASSERT_TRUE(listeners.ok()) << listeners.error().text();
    ASSERT_TRUE(steer_around(*listeners, cores, {true, false, true}).ok());
    const std::vector<int> around = taken_by(*listeners, 60);
    EXPECT_EQ(around[1], 0);
    EXPECT_EQ(around[0] + around[2], 60);
    ASSERT_TRUE(steer_around(*listeners, {}, {true, true, true}).ok());
    EXPECT_GT(taken_by(*listeners, 60)[1], 0);
    EXPECT_TRUE(steer_around(*listeners, cores, {false, false, false}).ok());  // nowhere to go
  }
}

TEST(Listener, WhatCannotBeSteeredOrPinnedIsAnError) {
  Listeners alone;
  EXPECT_FALSE(steer_by_core(alone, own_cores()).ok());
  alone.sockets.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Status steered = steer_around(alone, own_cores(), {true});
  ASSERT_FALSE(steered.ok());
  EXPECT_NE(steered.error().text().find("steer connections"), std::string::npos);
  EXPECT_FALSE(keep_to_core(CPU_SETSIZE - 1).ok());
  EXPECT_FALSE(refuse_new_connections(-1).ok());
}

TEST(Listener, MoreWorkersThanCoresCannotBePinned) {
  const auto listeners = listen_on("127.0.0.1:0", 3);
  ASSERT_TRUE(listeners.ok()) << listeners.error().text();
  const std::vector<int> cores = {0, 1};
  EXPECT_FALSE(steer_by_core(*listeners, cores).ok());
}

TEST(Listener, AnAddressInUseIsBusy) {
  const auto one = listen_on("127.0.0.1:0", 2);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->sockets.size(), 2u);
  const auto two = listen_on(one->address, 1);
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(two.error().code, Code::kBusy);
}

TEST(Listener, WhoIsBoundThereAndListensLaterIsFound) {
  const Fd other(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at = loopback(0);
  socklen_t size = sizeof at;
  ASSERT_EQ(bind(other.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(getsockname(other.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
  const std::string address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  ASSERT_EQ(listen(other.get(), 1), 0);
  const auto ours = listen_on(address, 1);
  ASSERT_FALSE(ours.ok());
  EXPECT_EQ(ours.error().code, Code::kBusy);
}

// One socket for all workers; it is theirs until all let go of it.
TEST(Listener, UnixSocketsHaveANameUntilTheEnd) {
  const std::string path = testing::TempDir() + "ferry-listener.sock";
  unlink(path.c_str());
  auto listeners = listen_on("unix:" + path, 2);
  ASSERT_TRUE(listeners.ok()) << listeners.error().text();
  EXPECT_EQ(listeners->address, "unix:" + path);
  EXPECT_EQ(url_of(listeners->address), "unix:" + path);
  ASSERT_EQ(listeners->sockets.size(), 2U);
  EXPECT_TRUE(listeners->one_socket);
  const auto second = listen_on("unix:" + path, 1);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kBusy);
  stop_listening(*listeners);
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

// Another program's socket of the same name stays.
TEST(Listener, UnixSocketsOfOthersAreNotRemoved) {
  const std::string path = testing::TempDir() + "ferry-other.sock";
  unlink(path.c_str());
  auto first = listen_on("unix:" + path, 1);
  ASSERT_TRUE(first.ok()) << first.error().text();
  const std::string aside = path + ".aside";  // keeps the inode from being used again
  unlink(aside.c_str());
  ASSERT_EQ(rename(path.c_str(), aside.c_str()), 0);
  const auto second = listen_on("unix:" + path, 1);
  ASSERT_TRUE(second.ok()) << second.error().text();
  stop_listening(*first);
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  unlink(path.c_str());
  unlink(aside.c_str());
}

TEST(Listener, UnixPathsHaveABoundedLength) {
  for (const std::string& address : {std::string("unix:"), "unix:/" + std::string(200, 'x')}) {
    const auto listeners = listen_on(address, 1);
    ASSERT_FALSE(listeners.ok());
    EXPECT_EQ(listeners.error().code, Code::kUsage);
  }
}

// The port stays open for the process that is given it next.
TEST(Listener, InheritedSocketsAreLeftListening) {
  auto own = listen_on("127.0.0.1:0", 1);
  ASSERT_TRUE(own.ok());
  const unsigned port = port_of(*own);
  auto shared = share(Fd(dup(own->sockets[0].get())), 3);
  ASSERT_TRUE(shared.ok());
  shared->inherited = true;
  EXPECT_EQ(shared->address, own->address);
  EXPECT_EQ(shared->sockets.size(), 3U);
  stop_listening(*shared);
  const std::atomic<bool> stop = false;
  EXPECT_TRUE(connected(port, stop).valid());
}

}  // namespace
}  // namespace ferry::http
