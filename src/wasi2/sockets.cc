// wasi:sockets: names, and TCP connections that go out. Nothing is bound or listened on, and there
// is no UDP; each answers by its own error-code.
#include <array>

#include <fmt/format.h>
#include <sys/socket.h>

#include "wasi/socket_io.h"
#include "wasi2/calls.h"
#include "wasi2/tcp.h"

namespace ferry::wasi2 {
namespace {

// error-code.
constexpr u8 kAccessDenied = 1;
constexpr u8 kNotSupported = 2;
constexpr u8 kInvalidArgument = 3;
constexpr u8 kNotInProgress = 7;
constexpr u8 kWouldBlock = 8;
constexpr u8 kInvalidState = 9;
constexpr u8 kNewSocketLimit = 10;
constexpr u8 kNameUnresolvable = 18;
constexpr u8 kTemporaryFailure = 19;

constexpr std::size_t kMostShown = 120;

// The error case, whose code lies where the value would.
void put_error(S& s, u32 offset, u8 code) {
  s.results.put(0, u8{1});
  s.results.put(offset, code);
}

Tcp* find_tcp(S& s, u32 self) {
  const TcpSocket* socket = need<TcpSocket>(s, self);
  return socket != nullptr ? s.tcps[socket->tcp].get() : nullptr;
}

// ip-address, a variant of 18 bytes.
void put_address(S& s, u32 offset, const net::Address& address) {
  if (!address.v6) {
    for (u32 i = 0; i < 4; ++i) s.results.put(offset + 2 + i, address.bytes[i]);
    return;
  }
  s.results.put(offset, u8{1});
  for (u32 i = 0; i < 8; ++i) {
    s.results.put(offset + 2 + 2 * i,
                  static_cast<u16>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]));
  }
}

// ip-socket-address, a variant of 32 bytes.
void put_endpoint(S& s, u32 offset, const net::Endpoint& endpoint) {
  const net::Address& address = endpoint.address;
  s.results.put(offset + 4, endpoint.port);
  if (!address.v6) {
    for (u32 i = 0; i < 4; ++i) s.results.put(offset + 6 + i, address.bytes[i]);
    return;
  }
  s.results.put(offset, u8{1});
  for (u32 i = 0; i < 8; ++i) {
    s.results.put(offset + 12 + 2 * i,
                  static_cast<u16>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]));
  }
}

void refuse(S& s, G g, u32 ret, std::string what) {
  if (!begin(s, g, ret, 8, 4)) return;
  deny(s, std::move(what), "a component has TCP connections that go out, and no others");
  put_error(s, 4, kAccessDenied);
}

// result<_, error-code>, of 2 bytes, of what is not done here.
void refuse_quietly(S& s, G g, u32 self, u32 ret) {
  if (find_tcp(s, self) != nullptr && begin(s, g, ret, 2, 1)) put_error(s, 1, kNotSupported);
}

}  // namespace

u32 instance_network(S& s, G /*g*/) { return make(s, Network{}); }

// result<resolve-address-stream, error-code>, of 8 bytes. The look-up is made here: it waits for
// the answer, `connect_timeout` at most.
void resolve_addresses(S& s, G g, u32 network, u32 name, u32 length, u32 ret) {
  if (need<Network>(s, network) == nullptr || !get_text(s, g, name, length, s.text)) return;
  if (!begin(s, g, ret, 8, 4)) return;
  const std::string host = s.text;
  const std::string what = fmt::format("looking up the host '{}'", host.substr(0, kMostShown));
  if (wasi::reach_out(s.p1, what) == nullptr) return put_error(s, 4, kAccessDenied);
  ResolveStream stream;
  const Answer found = wasi::look_up(s.p1, host, 0, stream.addresses);
  if (!goes_on(s, found)) return;
  switch (found.error) {
    case Errno::kSuccess:
      return s.results.put(4, make(s, std::move(stream)));
    case Errno::kNoent:
      return put_error(s, 4, kNameUnresolvable);
    case Errno::kTimedout:
      return put_error(s, 4, kTemporaryFailure);
    default:
      return put_error(s, 4, socket_error_of(found.error));
  }
}

// result<option<ip-address>, error-code>, of 22 bytes.
void resolve_next_address(S& s, G g, u32 self, u32 ret) {
  ResolveStream* stream = need<ResolveStream>(s, self);
  if (stream == nullptr || !begin(s, g, ret, 22, 2)) return;
  if (stream->next == stream->addresses.size()) return;
  s.results.put(2, u8{1});
  put_address(s, 4, stream->addresses[stream->next++]);
}

u32 resolve_subscribe(S& s, G /*g*/, u32 self) {
  return need<ResolveStream>(s, self) != nullptr ? make(s, Pollable{}, self) : 0;
}

// result<tcp-socket, error-code>, of 8 bytes.
void create_tcp_socket(S& s, G g, u32 family, u32 ret) {
  if (!check_case(s, family, 2) || !begin(s, g, ret, 8, 4)) return;
  if (wasi::reach_out(s.p1, "a TCP socket") == nullptr) return put_error(s, 4, kAccessDenied);
  auto tcp = std::make_unique<Tcp>();
  tcp->v6 = family == 1;
  const Errno error = wasi::open_socket(s.p1, true, tcp->v6, wasi::kFdNonblock, tcp->fd);
  if (error != Errno::kSuccess) return put_error(s, 4, kNewSocketLimit);
  s.tcps.push_back(std::move(tcp));
  s.results.put(4, make(s, TcpSocket{static_cast<u32>(s.tcps.size() - 1)}));
}

// result<_, error-code>, of 2 bytes. The address is flattened: port and four bytes, or port, flow
// information, eight groups and scope.
void tcp_start_connect(S& s, G g, u32 self, u32 network, u32 family, u32 port, u32 p1, u32 p2,
                       u32 p3, u32 p4, u32 p5, u32 p6, u32 p7, u32 p8, u32 p9, u32 /*scope*/,
                       u32 ret) {
  Tcp* tcp = find_tcp(s, self);
  if (tcp == nullptr || need<Network>(s, network) == nullptr || !check_case(s, family, 2)) return;
  if (!begin(s, g, ret, 2, 1)) return;
  if (tcp->stage != Tcp::Stage::kNew) return put_error(s, 1, kInvalidState);
  if (tcp->v6 != (family == 1) || (port & 0xffff) == 0) return put_error(s, 1, kInvalidArgument);
  std::array<u8, 16> bytes{};
  if (family == 0) {
    bytes = {static_cast<u8>(p1), static_cast<u8>(p2), static_cast<u8>(p3), static_cast<u8>(p4)};
  } else {
    const std::array<u32, 8> groups{p2, p3, p4, p5, p6, p7, p8, p9};
    for (std::size_t i = 0; i < groups.size(); ++i) {
      bytes[2 * i] = static_cast<u8>(groups[i] >> 8);
      bytes[2 * i + 1] = static_cast<u8>(groups[i]);
    }
  }
  const auto address = net::address_from(std::span(bytes).first(family == 0 ? 4 : 16));
  // WASI refuses IPv4-mapped addresses, which lead to another family.
  if (!address || address->v6 != tcp->v6) return put_error(s, 1, kInvalidArgument);
  const Errno error =
      wasi::connect_socket(s.p1, *s.p1.fds.find(tcp->fd), {*address, static_cast<u16>(port)}).error;
  tcp->stage = Tcp::Stage::kConnecting;
  if (error == Errno::kSuccess || error == Errno::kInprogress) return;
  tcp->stage = Tcp::Stage::kClosed;
  tcp->reported = true;
  put_error(s, 1, socket_error_of(error));
}

// result<tuple<input-stream, output-stream>, error-code>, of 12 bytes.
void tcp_finish_connect(S& s, G g, u32 self, u32 ret) {
  Tcp* tcp = find_tcp(s, self);
  if (tcp == nullptr || !begin(s, g, ret, 12, 4)) return;
  if (tcp->stage == Tcp::Stage::kNew || tcp->reported) return put_error(s, 4, kNotInProgress);
  pump(s, *tcp);
  if (tcp->stage == Tcp::Stage::kConnecting) return put_error(s, 4, kWouldBlock);
  tcp->reported = true;
  if (tcp->stage == Tcp::Stage::kClosed) return put_error(s, 4, socket_error_of(tcp->error));
  const u32 index = s.handles.find<TcpSocket>(self)->tcp;
  InputStream in{InputStream::From::kTcp};
  in.tcp = index;
  OutputStream out{.to = OutputStream::To::kTcp};
  out.tcp = index;
  s.results.put(4, make(s, in, self));
  s.results.put(8, make(s, out, self));
}

void tcp_unsupported(S& s, G g, u32 self, u32 ret) { refuse_quietly(s, g, self, ret); }
void tcp_unsupported_flag(S& s, G g, u32 self, u32 /*value*/, u32 ret) {
  refuse_quietly(s, g, self, ret);
}
void tcp_unsupported_size(S& s, G g, u32 self, u64 /*value*/, u32 ret) {
  refuse_quietly(s, g, self, ret);
}
void tcp_start_bind(S& s, G g, u32 self, u32 network, u32 /*family*/, u32 /*port*/, u32 /*p1*/,
                    u32 /*p2*/, u32 /*p3*/, u32 /*p4*/, u32 /*p5*/, u32 /*p6*/, u32 /*p7*/,
                    u32 /*p8*/, u32 /*p9*/, u32 /*scope*/, u32 ret) {
  if (need<Network>(s, network) != nullptr) refuse_quietly(s, g, self, ret);
}

// result<tuple<…>, error-code>, of 16 bytes.
void tcp_accept(S& s, G g, u32 self, u32 ret) {
  if (find_tcp(s, self) != nullptr && begin(s, g, ret, 16, 4)) put_error(s, 4, kNotSupported);
}
// result<u32, …> and result<u64, …>.
void tcp_unsupported_u32(S& s, G g, u32 self, u32 ret) {
  if (find_tcp(s, self) != nullptr && begin(s, g, ret, 8, 4)) put_error(s, 4, kNotSupported);
}
void tcp_unsupported_u64(S& s, G g, u32 self, u32 ret) {
  if (find_tcp(s, self) != nullptr && begin(s, g, ret, 16, 8)) put_error(s, 8, kNotSupported);
}

// result<ip-socket-address, error-code>, of 36 bytes.
void tcp_remote_address(S& s, G g, u32 self, u32 ret) {
  Tcp* tcp = find_tcp(s, self);
  if (tcp == nullptr || !begin(s, g, ret, 36, 4)) return;
  pump(s, *tcp);
  if (tcp->stage != Tcp::Stage::kConnected) return put_error(s, 4, kInvalidState);
  put_endpoint(s, 4, wasi::socket_of(s.p1, *s.p1.fds.find(tcp->fd)).peer);
}

void tcp_local_address(S& s, G g, u32 self, u32 ret) {
  Tcp* tcp = find_tcp(s, self);
  if (tcp == nullptr || !begin(s, g, ret, 36, 4)) return;
  pump(s, *tcp);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (tcp->stage != Tcp::Stage::kConnected ||
      ::getsockname(s.p1.fds.find(tcp->fd)->host, reinterpret_cast<sockaddr*>(&address), &size) !=
          0) {
    return put_error(s, 4, kInvalidState);
  }
  put_endpoint(s, 4, net::from_sockaddr(address));
}

u32 tcp_is_listening(S& s, G /*g*/, u32 self) {
  find_tcp(s, self);
  return 0;
}

u32 tcp_address_family(S& s, G /*g*/, u32 self) {
  const Tcp* tcp = find_tcp(s, self);
  return tcp != nullptr && tcp->v6 ? 1 : 0;
}

u32 tcp_subscribe(S& s, G /*g*/, u32 self) {
  const TcpSocket* socket = need<TcpSocket>(s, self);
  if (socket == nullptr) return 0;
  return make(s, Pollable{.what = Pollable::Awaits::kConnected, .tcp = socket->tcp}, self);
}

// result<_, error-code>, of 2 bytes. Receiving continues to read what has come: the peer need not
// know.
void tcp_shutdown(S& s, G g, u32 self, u32 which, u32 ret) {
  Tcp* tcp = find_tcp(s, self);
  if (tcp == nullptr || !check_case(s, which, 3) || !begin(s, g, ret, 2, 1)) return;
  if (tcp->stage != Tcp::Stage::kConnected) return put_error(s, 1, kInvalidState);
  constexpr u32 kReceive = 0;
  if (which == kReceive) return;
  tcp->shut = true;
  pump(s, *tcp);
}

void create_udp_socket(S& s, G g, u32 family, u32 ret) {
  if (check_case(s, family, 2)) refuse(s, g, ret, "a UDP socket");
}

// option<error-code>, of 2 bytes.
void network_error_code(S& s, G g, u32 error, u32 ret) {
  const IoError* found = need<IoError>(s, error);
  if (found == nullptr || !begin(s, g, ret, 2, 1) || !found->socket_error) return;
  s.results.put(0, u8{1});
  s.results.put(1, *found->socket_error);
}

// Of WASI 0.3, whose sockets are not offered. result<_, error-code>, of 20 bytes.
void create_no_socket(S& s, G g, u32 family, u32 ret) {
  if (!check_case(s, family, 2) || !begin(s, g, ret, 20, 4)) return;
  constexpr u8 kUnsupported = 1;
  s.results.put(0, u8{1});
  s.results.put(4, kUnsupported);
  deny(s, "a socket of WASI 0.3", "connect with wasi:sockets 0.2 or wasi:http/client");
}

void resolve_nothing(S& s, G g, u32 name, u32 length, u32 ret) {
  if (!get_text(s, g, name, length, s.text) || !begin(s, g, ret, 20, 4)) return;
  s.results.put(0, u8{1});  // access-denied
  deny(s, "a look-up of WASI 0.3", "look up with wasi:sockets 0.2, or use wasi:http/client");
}

u32 resolve_nothing_start(S& s, G g, u32 name, u32 length, u32 ret) {
  resolve_nothing(s, g, name, length, ret);
  return static_cast<u32>(Subtask::State::kReturned);
}

}  // namespace ferry::wasi2
