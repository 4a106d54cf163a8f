#include "http/listener.h"

#include <array>
#include <cerrno>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace ferry::http {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool any_port = false;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

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
  const auto number = htons(static_cast<std::uint16_t>(std::stoul(port)));
  // No names but this one: looking them up needs libraries that a static program can't have.
  if (host == "localhost") {
    host = "127.0.0.1";
  }
  Address out;
  out.any_port = number == 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (host.empty() || inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = number;
    out.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = number;
    out.size = sizeof *v6;
  } else {
    return bad_address(address);
  }
  return out;
}

Error in_use(const std::string& name) {
  return Error{Code::kBusy, fmt::format("{} is in use by another program", name),
               "end that program, or choose another address with --listen"};
}

Result<Fd> bound_socket(const Address& where, bool shared, const std::string& name) {
  Fd fd(socket(where.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return errno_error("open a socket", errno);
  }
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) {
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (bind(fd.get(), where.get(), where.size) != 0) {
    if (errno == EADDRINUSE) {
      return in_use(name);
    }
    return errno_error(fmt::format("listen on {}", name), errno);
  }
  return fd;
}

std::string address_of(int fd) {
  Address at;
  at.size = sizeof at.storage;
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&at.storage), &at.size) != 0) {
    return {};
  }
  if (at.get()->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&at.storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, host.data(), host.size());
    return fmt::format("[{}]:{}", host.data(), ntohs(v6->sin6_port));
  }
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&at.storage);
  inet_ntop(AF_INET, &v4->sin_addr, host.data(), host.size());
  return fmt::format("{}:{}", host.data(), ntohs(v4->sin_port));
}

}  // namespace

Result<Listeners> listen_on(const std::string& address, std::size_t count) {
  FERRY_TRY(Address where, resolve(address));
  Listeners listeners;
  listeners.port_chosen = where.any_port;
  {
    // Alone for a moment: fails if anybody else listens here, and settles the port. It does not
    // listen itself: who connected in that moment would be reset when it is closed.
    FERRY_TRY(Fd probe, bound_socket(where, false, address));
    where.size = sizeof where.storage;
    if (getsockname(probe.get(), reinterpret_cast<sockaddr*>(&where.storage), &where.size) != 0) {
      return errno_error("getsockname", errno);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    FERRY_TRY(Fd fd, bound_socket(where, true, address));
    if (listen(fd.get(), SOMAXCONN) != 0) {
      // Somebody was bound here without listening (both have SO_REUSEADDR), and now listens.
      if (errno == EADDRINUSE) return in_use(address);
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
