#include "wasi2/tcp.h"

#include <algorithm>
#include <array>

#include <sys/socket.h>

#include "wasi/socket_io.h"

namespace ferry::wasi2 {
namespace {

using Stage = Tcp::Stage;
using Awaits = Pollable::Awaits;

wasi::Entry& entry_of(S& s, const Tcp& tcp) { return *s.p1.fds.find(tcp.fd); }

constexpr std::array<const char*, 21> kNames = {"unknown",
                                                "access-denied",
                                                "not-supported",
                                                "invalid-argument",
                                                "out-of-memory",
                                                "timeout",
                                                "concurrency-conflict",
                                                "not-in-progress",
                                                "would-block",
                                                "invalid-state",
                                                "new-socket-limit",
                                                "address-not-bindable",
                                                "address-in-use",
                                                "remote-unreachable",
                                                "connection-refused",
                                                "connection-reset",
                                                "connection-aborted",
                                                "datagram-too-large",
                                                "name-unresolvable",
                                                "temporary-resolver-failure",
                                                "permanent-resolver-failure"};

void pump_connecting(S& s, Tcp& tcp) {
  wasi::Socket& socket = wasi::socket_of(s.p1, entry_of(s, tcp));
  wasi::refresh(s.p1, entry_of(s, tcp), socket);
  if (socket.state == wasi::Socket::State::kConnected) tcp.stage = Stage::kConnected;
  if (socket.state == wasi::Socket::State::kFailed) {
    tcp.stage = Stage::kClosed;
    tcp.error = socket.error;
  }
}

void pump_out(S& s, Tcp& tcp) {
  while (unsent(tcp) > 0) {
    s.p1.slices.assign(1, {tcp.out.data() + tcp.out_at, unsent(tcp)});
    u32 done = 0;
    const Errno error = wasi::send(s.p1, entry_of(s, tcp), done).error;
    if (error == Errno::kAgain) return;
    if (error != Errno::kSuccess) {
      tcp.error = error;
      tcp.out.clear();
      tcp.out_at = 0;
      return;
    }
    tcp.out_at += done;
  }
  tcp.out.clear();
  tcp.out_at = 0;
  if (tcp.shut) ::shutdown(entry_of(s, tcp).host, SHUT_WR);
}

}  // namespace

u8 socket_error_of(Errno error) {
  switch (error) {
    case Errno::kAcces:
    case Errno::kPerm:
    case Errno::kDquot:
      return 1;
    case Errno::kNotsup:
      return 2;
    case Errno::kInval:
      return 3;
    case Errno::kTimedout:
      return 5;
    case Errno::kMfile:
      return 10;
    case Errno::kHostunreach:
    case Errno::kNetunreach:
      return 13;
    case Errno::kConnrefused:
      return 14;
    case Errno::kConnreset:
    case Errno::kPipe:
      return 15;
    case Errno::kConnaborted:
      return 16;
    default:
      return 0;
  }
}

const char* socket_error_name(u8 code) { return kNames[std::min<std::size_t>(code, 20)]; }

void pump(S& s, Tcp& tcp) {
  if (tcp.stage == Stage::kConnecting) pump_connecting(s, tcp);
  if (tcp.stage == Stage::kConnected && tcp.error == Errno::kSuccess) pump_out(s, tcp);
}

bool is_ready(S& s, const Tcp& tcp, Awaits what) {
  if (tcp.stage == Stage::kNew) return true;  // there is nothing to wait for
  if (tcp.stage == Stage::kClosed) return true;
  if (tcp.stage == Stage::kConnecting) return false;
  switch (what) {
    case Awaits::kReadable: {
      pollfd polled{entry_of(s, tcp).host, POLLIN, 0};
      return ::poll(&polled, 1, 0) > 0;
    }
    case Awaits::kWritable:
      return tcp.error != Errno::kSuccess || unsent(tcp) < kTcpBuffer;
    case Awaits::kSent:
      return tcp.error != Errno::kSuccess || unsent(tcp) == 0;
    default:
      return true;
  }
}

pollfd awaited(S& s, const Tcp& tcp, Awaits what, Monotonic& until) {
  const wasi::Entry& entry = entry_of(s, tcp);
  if (tcp.stage != Stage::kConnecting) {
    return {entry.host, static_cast<short>(what == Awaits::kReadable ? POLLIN : POLLOUT), 0};
  }
  until = wasi::socket_of(s.p1, entry).connect_until;
  return {entry.host, POLLOUT, 0};
}

void expire(S& s, Tcp& tcp) {
  if (tcp.stage != Stage::kConnecting) return;
  wasi::give_up(wasi::socket_of(s.p1, entry_of(s, tcp)));
  pump_connecting(s, tcp);
}

Errno receive(S& s, Tcp& tcp, u64 most, std::string_view& out) {
  s.received.resize(std::min<u64>(most, wasi::kBounceBytes));
  s.p1.slices.assign(1, {s.received.data(), s.received.size()});
  u32 done = 0;
  const Errno error = wasi::receive(s.p1, entry_of(s, tcp), 0, done).error;
  out = {reinterpret_cast<const char*>(s.received.data()), done};
  return error;
}

Errno send(S& s, Tcp& tcp, std::string_view data) {
  if (tcp.error == Errno::kSuccess) {
    tcp.out += data;
    pump_out(s, tcp);
  }
  return tcp.error;
}

}  // namespace ferry::wasi2
