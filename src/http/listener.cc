#include "http/listener.h"

#include <array>
#include <cerrno>
#include <memory>

#include <fmt/format.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace ferry::http {
namespace {

struct FreeAddress {
  void operator()(addrinfo* info) const { freeaddrinfo(info); }
};
using Address = std::unique_ptr<addrinfo, FreeAddress>;

Error bad_address(const std::string& address) {
  return Error{Code::kUsage, fmt::format("'{}' is not an address to listen on", address),
               "for example 127.0.0.1:8080, [::1]:8080 or :8080"};
}

Result<Address> resolve(const std::string& address) {
  std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return bad_address(address);
  }
  std::string host = address.substr(0, colon);
  std::string port = address.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return bad_address(address);
  }
  if (port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoul(port) > 65535) {
    return bad_address(address);
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int failed = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    return Error{Code::kUsage, fmt::format("listen on {}: {}", address, gai_strerror(failed)),
                 "for example 127.0.0.1:8080, [::1]:8080 or :8080"};
  }
  return Address(found);
}

Result<Fd> bound_socket(const addrinfo& where, bool shared, const std::string& name) {
  Fd fd(socket(where.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return errno_error("open a socket", errno);
  }
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) {
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (bind(fd.get(), where.ai_addr, where.ai_addrlen) != 0) {
    if (errno == EADDRINUSE) {
      return Error{Code::kBusy, fmt::format("{} is in use by another program", name),
                   "end that program, or choose another address with --listen"};
    }
    return errno_error(fmt::format("listen on {}", name), errno);
  }
  return fd;
}

std::string address_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&storage), size, host.data(), host.size(),
                  port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  return storage.ss_family == AF_INET6 ? fmt::format("[{}]:{}", host.data(), port.data())
                                       : fmt::format("{}:{}", host.data(), port.data());
}

}  // namespace

Result<Listeners> listen_on(const std::string& address, std::size_t count) {
  FERRY_TRY(Address found, resolve(address));
  Listeners listeners;
  sockaddr_storage chosen{};
  socklen_t chosen_size = sizeof chosen;
  addrinfo where = *found;
  {
    // Alone for a moment: fails if anybody else listens here, and settles the port.
    FERRY_TRY(Fd probe, bound_socket(where, false, address));
    if (getsockname(probe.get(), reinterpret_cast<sockaddr*>(&chosen), &chosen_size) != 0) {
      return errno_error("getsockname", errno);
    }
    where.ai_addr = reinterpret_cast<sockaddr*>(&chosen);
    where.ai_addrlen = chosen_size;
    // Another socket may be bound without listening (both have SO_REUSEADDR); listen() tells.
    if (listen(probe.get(), 1) != 0) {
      return Error{Code::kBusy, fmt::format("{} is in use by another program", address),
                   "end that program, or choose another address with --listen"};
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    FERRY_TRY(Fd fd, bound_socket(where, true, address));
    if (listen(fd.get(), SOMAXCONN) != 0) {
      return errno_error(fmt::format("listen on {}", address), errno);
    }
    int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
    listeners.sockets.push_back(std::move(fd));
  }
  if (!listeners.sockets.empty()) {
    listeners.address = address_of(listeners.sockets.front().get());
  }
  return listeners;
}

Status refuse_new_connections(int socket) {
  // A filter on a TCP socket sees segments from their TCP header on. Drop what has SYN and not
  // ACK; let everything else through, the last step of handshakes under way included.
  std::array<sock_filter, 5> code{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},     // flags
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x12},  // SYN, ACK
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x02},
      {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, 0xffffffff},
  }};
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    return errno_error("attach a filter to the listening socket", errno);
  }
  return Done{};
}

}  // namespace ferry::http
