#include "http/listener.h"

#include <atomic>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

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

}  // namespace
}  // namespace ferry::http
