// sock_*: preview 1's own four, and WasmEdge's extension in its two generations (calls.cc says
// which is which). Connections go out only: nothing here listens.
#include <sys/socket.h>

#include "wasi/socket_io.h"

namespace ferry::wasi {
namespace {

using State = Socket::State;

enum class Family : u32 { kUnspecified = 0, kV4 = 1, kV6 = 2 };
enum class SocketKind : u32 { kAny = 0, kDatagram = 1, kStream = 2 };

// What a guest passes an address in: a buffer of 4 or 16 bytes, or one of 128 that begins with the
// family (second generation).
struct AddressBuffer {
  u32 at = 0;
  u32 size = 0;
};
constexpr u32 kTagged = 128;

Errno need_socket(S& s, u32 fd, Entry*& entry) {
  entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  return entry->kind == Entry::Kind::kSocket ? Errno::kSuccess : Errno::kNotsock;
}

Errno take_address(G g, u32 at, std::uint32_t port, net::Endpoint& out) {
  AddressBuffer buffer;
  if (!g.get(at, buffer)) return Errno::kFault;
  if (port > UINT16_MAX) return Errno::kInval;
  u32 from = buffer.at;
  u32 size = buffer.size;
  if (size == kTagged) {
    std::uint16_t family = 0;
    if (!g.get(from, family)) return Errno::kFault;
    if (family != static_cast<u32>(Family::kV4) && family != static_cast<u32>(Family::kV6)) {
      return Errno::kAfnosupport;
    }
    if (!g.has(from, kTagged)) return Errno::kFault;
    from += sizeof family;
    size = family == static_cast<u32>(Family::kV4) ? 4 : 16;
  }
  if (size != 4 && size != 16) return Errno::kInval;
  if (!g.has(from, size)) return Errno::kFault;
  out.address = *net::address_from({g.at(from), size});
  out.port = static_cast<std::uint16_t>(port);
  return Errno::kSuccess;
}

// The address alone; false where the buffer is too small or lies outside.
Errno put_address(G g, u32 at, const net::Address& address) {
  AddressBuffer buffer;
  if (!g.get(at, buffer)) return Errno::kFault;
  const u32 size = address.v6 ? 16 : 4;
  u32 to = buffer.at;
  if (buffer.size == kTagged) {
    const auto family = static_cast<std::uint16_t>(address.v6 ? Family::kV6 : Family::kV4);
    if (!g.has(to, kTagged)) return Errno::kFault;
    g.put(to, family);
    to += sizeof family;
  } else if (buffer.size < size) {
    return Errno::kInval;
  }
  return g.put_bytes(to, address.bytes.data(), size) ? Errno::kSuccess : Errno::kFault;
}

Errno local_of(S& s, Entry& entry, net::Endpoint& out) {
  Socket& socket = socket_of(s, entry);
  refresh(s, entry, socket);
  out = {};
  out.address.v6 = socket.v6;
  if (entry.host < 0) return Errno::kSuccess;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(entry.host, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return errno_from_host(errno);
  }
  out = net::from_sockaddr(address);
  return Errno::kSuccess;
}

Errno peer_of(S& s, Entry& entry, net::Endpoint& out) {
  Socket& socket = socket_of(s, entry);
  refresh(s, entry, socket);
  if (socket.state != State::kConnected) return Errno::kNotconn;
  out = socket.peer;
  return Errno::kSuccess;
}

using Ask = Errno (*)(S&, Entry&, net::Endpoint&);

// `type_at` null: the second generation, which says the family in the buffer.
Answer get_address(S& s, G g, u32 fd, u32 address_at, const u32* type_at, u32 port_at, Ask ask) {
  Entry* entry = nullptr;
  if (Errno e = need_socket(s, fd, entry); e != Errno::kSuccess) return e;
  net::Endpoint endpoint;
  if (Errno e = ask(s, *entry, endpoint); e != Errno::kSuccess) return e;
  if (Errno e = put_address(g, address_at, endpoint.address); e != Errno::kSuccess) return e;
  if (type_at != nullptr && !g.put(*type_at, u32{endpoint.address.v6 ? 6u : 4u})) {
    return Errno::kFault;
  }
  return g.put(port_at, u32{endpoint.port}) ? Errno::kSuccess : Errno::kFault;
}

Answer receive_from(S& s, G g, u32 fd, u32 iovs, u32 count, const u32* address_at, u32 flags,
                    const u32* port_at, u32 size_at, u32 flags_at) {
  Entry* entry = nullptr;
  if (Errno e = need_socket(s, fd, entry); e != Errno::kSuccess) return e;
  if ((flags & ~(kRecvPeek | kRecvWaitall)) != 0) return Errno::kInval;
  u64 total = 0;
  if (Errno e = gather(s, g, iovs, count, total); e != Errno::kSuccess) return e;
  if (!g.has(size_at, 4) || !g.has(flags_at, 2)) return Errno::kFault;
  const Socket& socket = socket_of(s, *entry);
  const bool cut =
      !socket.stream && !socket.datagrams.empty() && socket.datagrams.front().size() > total;
  u32 done = 0;
  Answer answer = receive(s, *entry, flags, done);
  if (answer.stop || answer.error != Errno::kSuccess) return answer;
  if (address_at != nullptr) {
    if (Errno e = put_address(g, *address_at, socket.peer.address); e != Errno::kSuccess) return e;
  }
  if (port_at != nullptr && !g.put(*port_at, u32{socket.peer.port})) return Errno::kFault;
  g.put(size_at, done);
  g.put(flags_at, static_cast<std::uint16_t>(cut ? kRecvTruncated : 0));
  return Errno::kSuccess;
}

Answer send_gathered(S& s, G g, Entry& entry, u32 iovs, u32 count, u32 size_at) {
  u64 total = 0;
  if (Errno e = gather(s, g, iovs, count, total); e != Errno::kSuccess) return e;
  if (!g.has(size_at, 4)) return Errno::kFault;
  u32 done = 0;
  Answer answer = send(s, entry, done);
  if (answer.stop || answer.error != Errno::kSuccess) return answer;
  g.put(size_at, done);
  return Errno::kSuccess;
}

Answer not_offered(S& s, u32 fd) {
  Entry* entry = nullptr;
  Errno error = need_socket(s, fd, entry);
  return error == Errno::kSuccess ? Errno::kNotsup : error;
}

}  // namespace

Answer sock_open(S& s, G g, u32 family, u32 type, u32 result_at) {
  if (!g.has(result_at, 4)) return Errno::kFault;
  if (family != static_cast<u32>(Family::kV4) && family != static_cast<u32>(Family::kV6)) {
    return Errno::kAfnosupport;
  }
  if (type > static_cast<u32>(SocketKind::kStream)) return Errno::kPrototype;
  if (reach_out(s, "sock_open") == nullptr) return Errno::kAcces;
  u32 fd = 0;
  Errno error = open_socket(s, type != static_cast<u32>(SocketKind::kDatagram),
                            family == static_cast<u32>(Family::kV6), 0, fd);
  if (error == Errno::kSuccess) g.put(result_at, fd);
  return error;
}

Answer sock_connect(S& s, G g, u32 fd, u32 address_at, u32 port) {
  Entry* entry = nullptr;
  if (Errno e = need_socket(s, fd, entry); e != Errno::kSuccess) return e;
  net::Endpoint to;
  if (Errno e = take_address(g, address_at, port, to); e != Errno::kSuccess) return e;
  return connect_socket(s, *entry, to);
}

Answer sock_bind(S& s, G /*g*/, u32 fd, u32 /*address_at*/, u32 /*port*/) {
  return not_offered(s, fd);
}

Answer sock_listen(S& s, G /*g*/, u32 fd, u32 /*backlog*/) { return not_offered(s, fd); }

Answer sock_accept(S& s, G /*g*/, u32 fd, u32 /*flags*/, u32 /*result_at*/) {
  return not_offered(s, fd);
}

Answer sock_accept_v1(S& s, G /*g*/, u32 fd, u32 /*result_at*/) { return not_offered(s, fd); }

Answer sock_recv(S& s, G g, u32 fd, u32 iovs, u32 count, u32 flags, u32 size_at, u32 flags_at) {
  return receive_from(s, g, fd, iovs, count, nullptr, flags, nullptr, size_at, flags_at);
}

Answer sock_recv_from(S& s, G g, u32 fd, u32 iovs, u32 count, u32 address_at, u32 flags,
                      u32 size_at, u32 flags_at) {
  return receive_from(s, g, fd, iovs, count, &address_at, flags, nullptr, size_at, flags_at);
}

Answer sock_recv_from_v2(S& s, G g, u32 fd, u32 iovs, u32 count, u32 address_at, u32 flags,
                         u32 port_at, u32 size_at, u32 flags_at) {
  return receive_from(s, g, fd, iovs, count, &address_at, flags, &port_at, size_at, flags_at);
}

Answer sock_send(S& s, G g, u32 fd, u32 iovs, u32 count, u32 flags, u32 size_at) {
  Entry* entry = nullptr;
  if (Errno e = need_socket(s, fd, entry); e != Errno::kSuccess) return e;
  if (flags != 0) return Errno::kInval;
  return send_gathered(s, g, *entry, iovs, count, size_at);
}

Answer sock_send_to(S& s, G g, u32 fd, u32 iovs, u32 count, u32 address_at, u32 port, u32 flags,
                    u32 size_at) {
  Entry* entry = nullptr;
  if (Errno e = need_socket(s, fd, entry); e != Errno::kSuccess) return e;
  if (flags != 0) return Errno::kInval;
  const Socket& socket = socket_of(s, *entry);
  if (socket.stream) return Errno::kIsconn;
  net::Endpoint to;
  if (Errno e = take_address(g, address_at, port, to); e != Errno::kSuccess) return e;
  if (socket.state == State::kNew) {
    Answer answer = connect_socket(s, *entry, to);
    if (answer.stop || answer.error != Errno::kSuccess) return answer;
  }
  return send_gathered(s, g, *entry, iovs, count, size_at);
}

Answer sock_shutdown(S& s, G /*g*/, u32 fd, u32 how) {
  Entry* entry = nullptr;
  if (Errno e = need_socket(s, fd, entry); e != Errno::kSuccess) return e;
  if (how == 0 || (how & ~(kShutRead | kShutWrite)) != 0) return Errno::kInval;
  Socket& socket = socket_of(s, *entry);
  refresh(s, *entry, socket);
  if (socket.state != State::kConnected) return Errno::kNotconn;
  if (!socket.stream) return Errno::kSuccess;
  const int host = how == kShutRead ? SHUT_RD : how == kShutWrite ? SHUT_WR : SHUT_RDWR;
  return ::shutdown(entry->host, host) == 0 ? Errno::kSuccess : errno_from_host(errno);
}

Answer sock_getlocaladdr(S& s, G g, u32 fd, u32 address_at, u32 type_at, u32 port_at) {
  return get_address(s, g, fd, address_at, &type_at, port_at, local_of);
}

Answer sock_getlocaladdr_v2(S& s, G g, u32 fd, u32 address_at, u32 port_at) {
  return get_address(s, g, fd, address_at, nullptr, port_at, local_of);
}

Answer sock_getpeeraddr(S& s, G g, u32 fd, u32 address_at, u32 type_at, u32 port_at) {
  return get_address(s, g, fd, address_at, &type_at, port_at, peer_of);
}

Answer sock_getpeeraddr_v2(S& s, G g, u32 fd, u32 address_at, u32 port_at) {
  return get_address(s, g, fd, address_at, nullptr, port_at, peer_of);
}

}  // namespace ferry::wasi
