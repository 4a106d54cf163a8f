#include "wasi/socket_io.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/blocking.h"

namespace ferry::wasi {
namespace {

using State = Socket::State;
constexpr std::uint16_t kDnsPort = 53;
using std::chrono::steady_clock;

// The same distance from now, on the clock that the kernel waits by.
Monotonic real_time(const S& s, Monotonic at) {
  constexpr std::chrono::hours kFar{24 * 365};  // further than any deadline: no arithmetic with it
  const auto left = at - s.clock->monotonic();
  return left > kFar ? Monotonic::max() : steady_clock::now() + left;
}

bool blocks(const Entry& entry) { return (entry.flags & kFdNonblock) == 0; }

Monotonic after(const S& s, std::chrono::microseconds time) {
  return time.count() == 0 ? Monotonic::max() : s.clock->monotonic() + time;
}

void fail(Socket& socket, Errno error, std::string why) {
  socket.state = State::kFailed;
  socket.error = error;
  socket.record.error = std::move(why);
}

void connected(Socket& socket) {
  socket.state = State::kConnected;
  socket.made = true;
  socket.record.error.clear();
}

Errno over_limit(S& s, std::string message, std::string_view key, Errno error) {
  deny(s, std::move(message), fmt::format("raise [limits] {}", key));
  return error;
}

// How much of `want` the event may still transfer.
std::uint64_t allowance(const S& s, std::uint64_t want) {
  return std::min(want,
                  s.setup.network->bytes - std::min(s.setup.network->bytes, s.sockets->bytes));
}

Errno over_bytes(S& s) {
  return over_limit(
      s, fmt::format("more than {} bytes over the network in one event", s.setup.network->bytes),
      "network_bytes", Errno::kDquot);
}

// A stream that can be read from and written to, waiting for it where that is what it does.
Answer need_connected(S& s, Entry& entry, Socket& socket) {
  while (true) {
    refresh(s, entry, socket);
    switch (socket.state) {
      case State::kConnected:
        return Errno::kSuccess;
      case State::kConnecting:
        break;
      case State::kFailed:
        return socket.error == Errno::kSuccess ? Errno::kNotconn : socket.error;
      default:
        return Errno::kNotconn;
    }
    if (!blocks(entry)) return Errno::kAgain;
    pollfd polled{entry.host, POLLOUT, 0};
    if (wait_for(s, {&polled, 1}, socket.connect_until) == Waited::kDeadline) return Answer::end();
    if (polled.revents == 0) give_up(socket);
  }
}

void scatter(S& s, std::size_t skip, const std::uint8_t* from, std::size_t size) {
  for (const iovec& slice : s.slices) {
    if (skip >= slice.iov_len) {
      skip -= slice.iov_len;
      continue;
    }
    const std::size_t part = std::min(size, slice.iov_len - skip);
    std::memcpy(static_cast<std::uint8_t*>(slice.iov_base) + skip, from, part);
    from += part;
    size -= part;
    skip = 0;
    if (size == 0) return;
  }
}

std::uint64_t total_of(const S& s) {
  std::uint64_t total = 0;
  for (const iovec& slice : s.slices) total += slice.iov_len;
  return total;
}

Answer receive_datagram(S& s, Socket& socket, u32 flags, u32& done) {
  if (socket.state != State::kConnected) return Errno::kNotconn;
  // Answers are there as soon as the query was sent, so waiting for one would be for ever.
  if (socket.datagrams.empty()) return Errno::kAgain;
  const std::string& datagram = socket.datagrams.front();
  const std::size_t part = std::min<std::uint64_t>(datagram.size(), total_of(s));
  scatter(s, 0, reinterpret_cast<const std::uint8_t*>(datagram.data()), part);
  done = static_cast<u32>(part);
  if ((flags & kRecvPeek) == 0) socket.datagrams.pop_front();
  return Errno::kSuccess;
}

Answer send_datagram(S& s, Socket& socket, u32& done) {
  constexpr std::size_t kMostQueued = 64;
  if (socket.state != State::kConnected) return Errno::kDestaddrreq;
  std::string query;
  for (const iovec& slice : s.slices) {
    if (query.size() + slice.iov_len > UINT16_MAX) return Errno::kMsgsize;
    query.append(static_cast<const char*>(slice.iov_base), slice.iov_len);
  }
  if (socket.datagrams.size() >= kMostQueued) return Errno::kNobufs;
  std::string answer;
  if (Answer made = answer_query(s, query, answer); made.stop) return made;
  if (!answer.empty()) socket.datagrams.push_back(std::move(answer));
  done = static_cast<u32>(query.size());
  return Errno::kSuccess;
}

}  // namespace

Waited wait_for(S& s, std::span<pollfd> polled, Monotonic until) {
  const auto count = static_cast<nfds_t>(polled.size());
  if (::poll(polled.data(), count, 0) > 0) return Waited::kReady;
  const bool by_deadline = s.setup.deadline <= until;
  const Monotonic end = real_time(s, std::min(until, s.setup.deadline));
  while (true) {
    const auto left = std::max(end - steady_clock::now(), steady_clock::duration::zero());
    // A bound on one wait keeps the arithmetic of a far future inside what the kernel takes.
    const auto part = std::min<steady_clock::duration>(left, std::chrono::hours(1));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(part);
    const timespec timeout{seconds.count(), Nanoseconds(part - seconds).count()};
    int ready = 0;
    if (part > part.zero()) {
      const Blocking blocking(s.setup.observer);
      ready = ::ppoll(polled.data(), count, &timeout, nullptr);
    }
    if (ready > 0) return Waited::kReady;
    if (steady_clock::now() < end) continue;  // a signal, or one of many parts
    if (!by_deadline) return Waited::kTimeout;
    s.stop = Stop::kDeadline;
    return Waited::kDeadline;
  }
}

Sockets* reach_out(S& s, std::string_view what) {
  s.drawn.network = true;
  if (s.setup.network == nullptr) {
    deny(s, fmt::format("{}: no connection is granted", what),
         "grant where it may connect to: --connect HOST:PORT, or [grant] connect in ferry.toml");
    return nullptr;
  }
  if (s.sockets == nullptr) s.sockets = std::make_unique<Sockets>();
  return s.sockets.get();
}

Socket& socket_of(S& s, const Entry& entry) { return s.sockets->all[entry.socket]; }

Errno open_socket(S& s, bool stream, bool v6, std::uint16_t flags, u32& fd) {
  if (s.fds.opened() >= s.setup.quotas.open_files) return Errno::kMfile;
  // Places are not reused, so that a record stays with its connection; this bounds them.
  const u32 most =
      s.setup.network->connections * kAttemptsPerConnection + s.setup.quotas.open_files;
  if (s.sockets->all.size() >= most) {
    return over_limit(s, fmt::format("more than {} sockets in one event", most), "connections",
                      Errno::kMfile);
  }
  Entry entry{.kind = Entry::Kind::kSocket, .owned = true, .flags = flags};
  entry.socket = static_cast<u32>(s.sockets->all.size());
  entry.base = rights::kSocket;
  Socket& socket = s.sockets->all.emplace_back();
  socket.stream = stream;
  socket.v6 = v6;
  fd = s.fds.add(entry);
  return Errno::kSuccess;
}

Answer look_up(S& s, std::string_view host, std::uint16_t port, std::vector<net::Address>& out) {
  out.clear();
  if (auto literal = net::parse_address(host)) {
    out.push_back(*literal);  // connect_socket() judges it
    return Errno::kSuccess;
  }
  const auto name = net::normal_name(host);
  if (!name) return Errno::kNoent;
  const NetworkAccess& access = *s.setup.network;
  if (Status may = access.policy.may_resolve(*name, port); !may.ok()) {
    deny(s, std::move(may.error().message), std::move(may.error().hint));
    return Errno::kAcces;
  }
  auto known = s.sockets->learnt.find(*name);
  if (known == s.sockets->learnt.end()) {
    std::vector<net::Address> found;
    if (*name == "localhost" || name->ends_with(".localhost")) {
      found = {*net::parse_address("127.0.0.1"), *net::parse_address("::1")};
    } else {
      const Monotonic until =
          std::min(s.setup.deadline, s.clock->monotonic() + access.connect_timeout);
      const Blocking blocking(s.setup.observer);
      auto answer = access.network->resolve(*name, real_time(s, until));
      if (!answer.ok()) {
        if (s.clock->monotonic() >= s.setup.deadline) {
          s.stop = Stop::kDeadline;
          return Answer::end();
        }
        return answer.error().code == Code::kNotFound ? Errno::kNoent : Errno::kTimedout;
      }
      found = std::move(*answer);
    }
    known = s.sockets->learnt.emplace(*name, std::move(found)).first;
  }
  Status refused = Done{};
  for (const net::Address& address : known->second) {
    Status may = access.policy.may_use(*name, {address, port});
    if (may.ok()) {
      out.push_back(address);
    } else {
      refused = std::move(may);
    }
  }
  if (!out.empty()) return Errno::kSuccess;
  if (refused.ok()) return Errno::kNoent;
  deny(s, std::move(refused.error().message), std::move(refused.error().hint));
  return Errno::kAcces;
}

namespace {

// The names that led to an address, the one to log first.
std::vector<std::string> names_of(const Sockets& sockets, const net::Address& address) {
  std::vector<std::string> out;
  for (const auto& [name, addresses] : sockets.learnt) {
    if (std::ranges::find(addresses, address) != addresses.end()) out.push_back(name);
  }
  return out;
}

// Whether the guest may begin one more connection, to there.
Errno may_begin(S& s, const net::Endpoint& to, Socket& socket) {
  Sockets& sockets = *s.sockets;
  const NetworkAccess& access = *s.setup.network;
  const std::vector<std::string> names = names_of(sockets, to.address);
  if (Status may = access.policy.may_connect(to, names); !may.ok()) {
    deny(s, std::move(may.error().message), std::move(may.error().hint));
    return Errno::kAcces;
  }
  if (sockets.open >= access.connections) {
    return over_limit(s, fmt::format("more than {} connections at once", access.connections),
                      "connections", Errno::kMfile);
  }
  const u32 most = access.connections * kAttemptsPerConnection;
  if (sockets.attempts >= most) {
    return over_limit(s, fmt::format("more than {} connections begun in one event", most),
                      "connections", Errno::kMfile);
  }
  ++sockets.attempts;
  socket.record.name = names.empty() ? "" : names.front();
  return Errno::kSuccess;
}

}  // namespace

Answer connect_socket(S& s, Entry& entry, const net::Endpoint& to) {
  Socket& socket = socket_of(s, entry);
  refresh(s, entry, socket);
  if (socket.state == State::kConnected) return Errno::kIsconn;
  if (socket.state == State::kConnecting) return Errno::kAlready;
  if (socket.state != State::kNew) return Errno::kConnaborted;
  socket.peer = to;
  if (!socket.stream) {
    if (to.port != kDnsPort) {
      deny(s,
           fmt::format("datagrams to {}: only DNS queries (port 53) are answered",
                       net::to_string(to)),
           "use TCP");
      return Errno::kAcces;
    }
    socket.state = State::kConnected;
    return Errno::kSuccess;
  }
  if (Errno error = may_begin(s, to, socket); error != Errno::kSuccess) return error;
  socket.record.peer = to;
  socket.record.began = s.clock->wall();
  socket.began = s.clock->monotonic();
  socket.connect_until = socket.began + s.setup.network->connect_timeout;
  Fd fd;
  if (int error = s.setup.network->network->connect(to, fd); !fd.valid()) {
    fail(socket, errno_from_host(error), std::strerror(error));
    socket.error = Errno::kSuccess;  // reported here
    return errno_from_host(error);
  }
  if (socket.keeps_alive) {
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  entry.host = fd.release();
  ++s.sockets->open;
  socket.state = State::kConnecting;
  if (!blocks(entry)) return Errno::kInprogress;
  Answer answer = need_connected(s, entry, socket);
  socket.error = Errno::kSuccess;
  return answer;
}

void give_up(Socket& socket) { fail(socket, Errno::kTimedout, "timed out"); }

void refresh(S& s, Entry& entry, Socket& socket) {
  if (socket.state != State::kConnecting) return;
  pollfd polled{entry.host, POLLOUT, 0};
  if (::poll(&polled, 1, 0) <= 0) {
    if (s.clock->monotonic() >= socket.connect_until) give_up(socket);
    return;
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(entry.host, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) {
    connected(socket);
  } else {
    fail(socket, errno_from_host(error), std::strerror(error));
  }
}

namespace {

// After a call that failed: what the guest's call ends with, or nothing when it can be tried again,
// which may be after a wait for `events`.
std::optional<Answer> until_ready(S& s, const Entry& entry, short events,
                                  std::chrono::microseconds timeout, u32 done) {
  if (errno == EINTR) return std::nullopt;
  if (errno != EAGAIN) return done > 0 ? Errno::kSuccess : errno_from_host(errno);
  if (!blocks(entry)) return done > 0 ? Errno::kSuccess : Errno::kAgain;
  pollfd polled{entry.host, events, 0};
  switch (wait_for(s, {&polled, 1}, after(s, timeout))) {
    case Waited::kDeadline:
      return Answer::end();
    case Waited::kTimeout:
      return done > 0 ? Errno::kSuccess : Errno::kAgain;
    case Waited::kReady:
      break;
  }
  return std::nullopt;
}

}  // namespace

Answer receive(S& s, Entry& entry, u32 flags, u32& done) {
  Socket& socket = socket_of(s, entry);
  if (!socket.stream) return receive_datagram(s, socket, flags, done);
  if (Answer made = need_connected(s, entry, socket); made.stop || made.error != Errno::kSuccess) {
    return made;
  }
  const std::uint64_t total = total_of(s);
  const bool peeks = (flags & kRecvPeek) != 0;
  const bool all = (flags & kRecvWaitall) != 0 && !peeks && blocks(entry);
  while (done < total) {
    const std::uint64_t want = allowance(s, std::min<std::uint64_t>(total - done, kBounceBytes));
    if (want == 0) return done > 0 ? Errno::kSuccess : over_bytes(s);
    std::uint8_t* room = bounce(s);
    const ssize_t n = ::recv(entry.host, room, want, MSG_DONTWAIT | (peeks ? MSG_PEEK : 0));
    if (n > 0) {
      scatter(s, done, room, static_cast<std::size_t>(n));
      done += static_cast<u32>(n);
      if (!peeks) {
        socket.record.received += static_cast<std::uint64_t>(n);
        s.sockets->bytes += static_cast<std::uint64_t>(n);
      }
      if (!all) break;
      continue;
    }
    if (n == 0) break;
    if (const auto ends = until_ready(s, entry, POLLIN, socket.receive_timeout, done)) return *ends;
  }
  return Errno::kSuccess;
}

Answer send(S& s, Entry& entry, u32& done) {
  Socket& socket = socket_of(s, entry);
  if (!socket.stream) return send_datagram(s, socket, done);
  if (Answer made = need_connected(s, entry, socket); made.stop || made.error != Errno::kSuccess) {
    return made;
  }
  for (std::size_t at = 0; at < s.slices.size();) {
    iovec& slice = s.slices[at];
    const std::uint64_t want = allowance(s, slice.iov_len);
    if (want == 0) return done > 0 ? Errno::kSuccess : over_bytes(s);
    // More follows in this call: let it go out in one packet with that.
    const int more = at + 1 < s.slices.size() ? MSG_MORE : 0;
    const ssize_t n = ::send(entry.host, slice.iov_base, want, MSG_DONTWAIT | MSG_NOSIGNAL | more);
    if (n >= 0) {
      done += static_cast<u32>(n);
      socket.record.sent += static_cast<std::uint64_t>(n);
      s.sockets->bytes += static_cast<std::uint64_t>(n);
      slice.iov_base = static_cast<std::uint8_t*>(slice.iov_base) + n;
      slice.iov_len -= static_cast<std::size_t>(n);
      if (slice.iov_len == 0) ++at;
      continue;
    }
    if (const auto ends = until_ready(s, entry, POLLOUT, socket.send_timeout, done)) return *ends;
  }
  return Errno::kSuccess;
}

void end_socket(S& s, u32 fd) {
  Entry& entry = *s.fds.find(fd);
  Socket& socket = socket_of(s, entry);
  if (socket.stream && socket.state != State::kNew) {
    refresh(s, entry, socket);
    if (connecting(socket)) socket.record.error = "given up before it was made";
    socket.record.lasted =
        std::chrono::duration_cast<std::chrono::microseconds>(s.clock->monotonic() - socket.began);
    s.sockets->records.push_back(std::move(socket.record));
  }
  if (entry.host >= 0) --s.sockets->open;
  socket.state = State::kClosed;
  s.fds.close(fd);
}

}  // namespace ferry::wasi
