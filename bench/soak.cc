// Sends EVENTS events to the C `hello`, each with a name of its own, and looks into each answer
// for that name: no event may ever meet another one's reply.
//
//   bench_soak PORT EVENTS CONNECTIONS       prints {"events":…,"wrong":…,"seconds":…}
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"

namespace {

using ferry::Fd;

Fd connect_to(std::uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("bench_soak: connect");
    std::exit(1);
  }
  return fd;
}

// One answer whose body is `expected`. The server answers nothing that was not asked for, so the
// answer is whole once that many bytes stand behind its head.
bool read_answer(int fd, const std::string& expected) {
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    std::size_t head = text.find("\r\n\r\n");
    if (head != std::string::npos && text.size() - head - 4 >= expected.size()) {
      return text.starts_with("HTTP/1.1 200 ") && text.substr(head + 4) == expected;
    }
    ssize_t size = recv(fd, part.data(), part.size(), 0);
    if (size <= 0) {
      return false;
    }
    text.append(part.data(), static_cast<std::size_t>(size));
    if (text.starts_with("HTTP/1.1 5") || text.starts_with("HTTP/1.1 4")) {
      return false;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_soak PORT EVENTS CONNECTIONS\n");
    return 2;
  }
  auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  auto events = static_cast<std::uint64_t>(std::atoll(argv[2]));
  std::vector<Fd> sockets;
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    sockets.push_back(connect_to(port));
  }
  std::vector<std::string> nonces(sockets.size());
  auto from = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  std::uint64_t wrong = 0;
  while (done < events) {
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      nonces[i] = ferry::uuid_v7(ferry::system_clock(), ferry::system_random());
      std::string body = fmt::format(R"({{"name":"{}"}})", nonces[i]);
      std::string request = fmt::format(
          "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
          "Content-Length: {}\r\n\r\n{}",
          body.size(), body);
      if (send(sockets[i].get(), request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size())) {
        ++wrong;
      }
    }
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      if (!read_answer(sockets[i].get(), fmt::format(R"({{"message":"Hello, {}!"}})", nonces[i]))) {
        ++wrong;
        sockets[i] = connect_to(port);
      }
      ++done;
    }
  }
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  fmt::print("{{\"events\":{},\"wrong\":{},\"seconds\":{:.3f}}}\n", done, wrong, took.count());
  return wrong == 0 ? 0 : 1;
}
