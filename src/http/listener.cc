#include "http/listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace ferry::http {
namespace {

constexpr std::string_view kUnix = "unix:";

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool any_port = false;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Error bad_address(const std::string& address) {
  return Error{Code::kUsage, fmt::format("'{}' is not an address to listen on", address),
               "for example 127.0.0.1:8080, [::1]:8080, :8080 or unix:/run/ferry.sock"};
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

Result<sockaddr_un> unix_address(const std::string& address) {
  const std::string path = address.substr(kUnix.size());
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof where.sun_path) {
    return Error{Code::kUsage,
                 fmt::format("--listen {}: a path of 1 to {} bytes is possible", address,
                             sizeof where.sun_path - 1),
                 "for example unix:/run/ferry.sock"};
  }
  std::memcpy(where.sun_path, path.data(), path.size());
  return where;
}

Result<Fd> unix_socket() {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    return errno_error("open a socket", errno);
  }
  return fd;
}

// Takes a socket's name away when nobody listens on it: the program that made it was killed.
Status remove_stale(const sockaddr_un& where, const std::string& address) {
  struct stat found {};
  if (lstat(where.sun_path, &found) != 0) {
    return Done{};
  }
  if (!S_ISSOCK(found.st_mode)) {
    return Error{Code::kUsage, fmt::format("{} is there and is not a socket", where.sun_path),
                 "choose another path with --listen"};
  }
  FERRY_TRY(const Fd probe, unix_socket());
  const auto* name = reinterpret_cast<const sockaddr*>(&where);
  if (connect(probe.get(), name, sizeof where) == 0 || errno != ECONNREFUSED) {
    return in_use(address);
  }
  if (unlink(where.sun_path) != 0 && errno != ENOENT) {
    return errno_error(fmt::format("remove {}, on which nobody listens", where.sun_path), errno);
  }
  return Done{};
}

Result<Listeners> listen_on_unix(const std::string& address, std::size_t count) {
  FERRY_TRY(const sockaddr_un where, unix_address(address));
  FERRY_CHECK_OK(remove_stale(where, address));
  FERRY_TRY(Fd fd, unix_socket());
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0) {
    return errno == EADDRINUSE ? in_use(address)
                               : errno_error(fmt::format("listen on {}", address), errno);
  }
  struct stat made {};
  if (lstat(where.sun_path, &made) != 0) {
    return errno_error(where.sun_path, errno);
  }
  FERRY_TRY(Listeners listeners, share(std::move(fd), count));
  listeners.unix_inode = made.st_ino;
  return listeners;
}

Result<Fd> shared_listener(const Address& where, const std::string& name) {
  FERRY_TRY(Fd fd, bound_socket(where, true, name));
  if (listen(fd.get(), SOMAXCONN) != 0) {
    // Somebody was bound here without listening (both have SO_REUSEADDR), and now listens.
    if (errno == EADDRINUSE) return in_use(name);
    return errno_error(fmt::format("listen on {}", name), errno);
  }
  int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  return fd;
}

}  // namespace

std::string address_of(int fd) {
  Address at;
  at.size = sizeof at.storage;
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&at.storage), &at.size) != 0) {
    return {};
  }
  if (at.get()->sa_family == AF_UNIX) {
    const auto* path = reinterpret_cast<const sockaddr_un*>(&at.storage)->sun_path;
    const std::size_t room =
        at.size - std::min<std::size_t>(at.size, offsetof(sockaddr_un, sun_path));
    return std::string(kUnix) + std::string(path, strnlen(path, room));
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

Result<Listeners> share(Fd socket, std::size_t count) {
  Listeners listeners;
  listeners.address = address_of(socket.get());
  listeners.one_socket = true;
  for (std::size_t i = 1; i < count; ++i) {
    Fd copy(fcntl(socket.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy.valid()) {
      return errno_error("copy the descriptor of the listening socket", errno);
    }
    listeners.sockets.push_back(std::move(copy));
  }
  listeners.sockets.push_back(std::move(socket));
  return listeners;
}

std::string url_of(const std::string& address) {
  return address.starts_with(kUnix) ? address : "http://" + address;
}

Result<Listeners> listen_on(const std::string& address, std::size_t count) {
  if (address.starts_with(kUnix)) {
    return listen_on_unix(address, count);
  }
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
    FERRY_TRY(Fd fd, shared_listener(where, address));
    listeners.sockets.push_back(std::move(fd));
  }
  if (!listeners.sockets.empty()) {
    listeners.address = address_of(listeners.sockets.front().get());
  }
  return listeners;
}

Result<Fd> listen_beside(const std::string& address) {
  FERRY_TRY(const Address where, resolve(address));
  return shared_listener(where, address);
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

void stop_listening(Listeners& listeners) {
  if (!listeners.inherited && listeners.one_socket && !listeners.sockets.empty()) {
    // Unless another program has put its own socket there by now.
    struct stat there {};
    const std::string path = listeners.address.substr(kUnix.size());
    if (lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode) &&
        there.st_ino == listeners.unix_inode) {
      unlink(path.c_str());
    }
  }
  for (Fd& socket : listeners.sockets) {
    if (!listeners.one_socket) {
      static_cast<void>(refuse_new_connections(socket.get()).ok());
    }
    socket.reset();
  }
}

}  // namespace ferry::http
