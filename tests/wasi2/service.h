// A service on loopback for guests that connect.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/file.h"

namespace ferry::wasi2 {

// Takes one connection, reads until `until` came, sends `answer`, and reads on to the end.
class Service {
 public:
  explicit Service(std::string answer = {}, std::string until = "\r\n\r\n", bool closes = true)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 4), 0);
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = std::move(answer), until = std::move(until), closes] {
      peer_ = Fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      accepted_.store(true);
      const int peer = peer_.get();
      if (ending_.load()) return;
      while (received_.find(until) == std::string::npos && read_more(peer)) {
      }
      ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
      if (closes) ::shutdown(peer, SHUT_WR);
      while (read_more(peer)) {
      }
      ::shutdown(peer, SHUT_RDWR);
    });
  }
  // The guest's side may be open still.
  ~Service() {
    ending_.store(true);
    if (accepted_.load()) ::shutdown(peer_.get(), SHUT_RDWR);
    received();
  }

  std::uint16_t port() const { return port_; }
  std::string authority() const { return "localhost:" + std::to_string(port_); }
  // All that it was sent, once the guest's side has closed the connection.
  const std::string& received() {
    ::shutdown(fd_.get(), SHUT_RDWR);  // where nobody ever connected
    if (thread_.joinable()) thread_.join();
    return received_;
  }

 private:
  bool read_more(int peer) {
    char room[4096];
    const ssize_t got = ::recv(peer, room, sizeof room, 0);
    if (got > 0) received_.append(room, static_cast<std::size_t>(got));
    return got > 0;
  }

  Fd fd_;
  Fd peer_;  // the thread's, until it says that it has accepted
  std::atomic<bool> accepted_{false};
  std::atomic<bool> ending_{false};
  std::uint16_t port_ = 0;
  std::string received_;
  std::thread thread_;
};

}  // namespace ferry::wasi2
