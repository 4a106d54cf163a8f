// A Server in this process, with a Service of lambdas, and a raw client that sends what it likes.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/listener.h"
#include "http/server.h"

namespace ferry::http {

// Stands still unless it is told to pass.
class ManualClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(); }
  Monotonic monotonic() const override { return Monotonic(passed_.load()); }
  void sleep_until(Monotonic) const override {}
  void pass(Nanoseconds time) { passed_ = passed_.load() + time; }

 private:
  std::atomic<Nanoseconds> passed_{std::chrono::hours(1)};
};

class TestService : public Service {
 public:
  std::function<int(const Request&)> on_lane = [](const Request&) { return 0; };
  std::function<void(const Request&, Response&)> on_request = [](const Request& request,
                                                                 Response& response) {
    response.content_type = "text/plain";
    response.body = std::string(request.method) + " " + std::string(request.target) + " " +
                    std::string(request.body);
  };
  std::function<void()> on_wait = [] {};
  int lane(const Request& request) override { return on_lane(request); }
  void before_wait() override { on_wait(); }
  void handle(const Request& request, Response& response) override {
    on_request(request, response);
  }
};

class TestServer {
 public:
  TestServer(ServerOptions options, Service& service) {
    auto listeners = listen_on("127.0.0.1:0", 1);
    EXPECT_TRUE(listeners.ok());
    make(std::move(options), service, std::move(listeners->sockets[0]));
  }
  // Another server on the socket of `other`, as a second process has it that was forked.
  TestServer(ServerOptions options, Service& service, const TestServer& other) {
    make(std::move(options), service, Fd(fcntl(other.listener_fd, F_DUPFD_CLOEXEC, 0)));
  }
  ~TestServer() {
    if (thread.joinable()) {
      server->stop();
      thread.join();
    }
  }
  TestServer& start() {
    thread = std::thread([this] { EXPECT_TRUE(server->run().ok()); });
    return *this;
  }
  void join() { thread.join(); }

  std::uint16_t port = 0;
  int listener_fd = -1;
  Counters counters;
  std::unique_ptr<Server> server;
  std::thread thread;

 private:
  void make(ServerOptions options, Service& service, Fd listener) {
    if (options.lanes.empty()) {
      options.lanes = {{16}};
    }
    options.counters = &counters;
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    auto made = Server::make(std::move(options), service);
    EXPECT_TRUE(made.ok());
    server = std::move(made).value();
    listener_fd = listener.get();
    EXPECT_TRUE(server->listen(std::move(listener)).ok());
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) {
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  void get(const std::string& path, const std::string& fields = "") {
    send("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
  }
  void finish_sending() { shutdown(fd_.get(), SHUT_WR); }
  void abandon() { fd_.reset(); }
  int fd() const { return fd_.get(); }

  // Until the text has been seen, or the end; what came since the last call, up to and with it.
  std::string until(std::string_view text) {
    std::size_t at = 0;
    while ((at = buffer_.find(text)) == std::string::npos && read_some()) {
    }
    std::size_t size = at == std::string::npos ? buffer_.size() : at + text.size();
    std::string seen = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return seen;
  }
  std::string until_closed() {
    while (read_some()) {
    }
    return std::exchange(buffer_, {});
  }
  // One response with a Content-Length: its status, and the body in `body`.
  int response(std::string* body = nullptr, std::string* head = nullptr) {
    std::string text = until("\r\n\r\n");
    if (text.size() < 12 || !text.starts_with("HTTP/1.1 ")) {
      return 0;
    }
    std::size_t length = 0;
    if (std::size_t at = text.find("Content-Length: "); at != std::string::npos) {
      length = std::stoul(text.substr(at + 16));
    }
    while (buffer_.size() < length && read_some()) {
    }
    if (body != nullptr) {
      *body = buffer_.substr(0, length);
    }
    if (head != nullptr) {
      *head = text;
    }
    buffer_.erase(0, length);
    return std::stoi(text.substr(9, 3));
  }

  bool connected = false;

 private:
  bool read_some() {
    char bytes[16384];
    ssize_t size = recv(fd_.get(), bytes, sizeof bytes, 0);
    if (size <= 0) {
      return false;
    }
    buffer_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

  Fd fd_;
  std::string buffer_;
};

}  // namespace ferry::http
