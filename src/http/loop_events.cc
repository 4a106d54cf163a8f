// What the loop waits for: sockets, orders, time.
#include <algorithm>
#include <cerrno>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/event_fd.h"
#include "http/listener.h"
#include "http/loop.h"

namespace ferry::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kAcceptsInARow = 64;
constexpr seconds kSweep{1};
constexpr milliseconds kDrainSweep{20};
constexpr seconds kLinger{2};
constexpr seconds kBetweenLacks{60};
// Once no new handshake is answered, those under way end within a round trip or two.
constexpr milliseconds kHandshakes{100};
// When no more connections are taken, idle ones are kept this long.
constexpr seconds kIdleWhenFull{1};

// Whoever the connection is of: the part before the last colon is what shares go by. That of a Unix
// socket is the user whose process has connected (unix(7), SO_PEERCRED).
std::string name_of(int connected, const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    return fmt::format("{}:{}", text.data(), ntohs(in.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    return fmt::format("[{}]:{}", text.data(), ntohs(in.sin6_port));
  }
  ucred user{};
  socklen_t size = sizeof user;
  if (address.ss_family == AF_UNIX &&
      getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &user, &size) == 0) {
    return fmt::format("uid {}:{}", user.uid, user.pid);
  }
  return {};
}

// Whether it is not one of several sockets with the same address (SO_REUSEPORT), each of one
// process: a Unix socket, or one that was inherited.
bool is_one_for_all(int listener) {
  int on = 0;
  socklen_t size = sizeof on;
  return getsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, &size) == 0 && on == 0;
}

}  // namespace

Status Server::Loop::start() {
  epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  leader_followers_.priority().waits_for(epoll_.get());
  wakeup_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !wakeup_.valid()) {
    return errno_error("make an epoll set", errno);
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &wakeup_;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) != 0) {
    return errno_error("watch an eventfd", errno);
  }
  return Done{};
}

Server::Loop::~Loop() {
  for (Connection* connection : connections_) {
    delete connection;
  }
  for (Connection* connection : graveyard_) {
    delete connection;
  }
}

Status Server::Loop::listen(Fd listener) {
  listener_ = std::move(listener);
  set_accepting(true);
  if (!accepting_) {
    return errno_error("watch the listening socket", errno);
  }
  return Done{};
}

Status Server::Loop::adopt(Fd connected, std::string peer) {
  return add_connection(std::move(connected), std::move(peer));
}

Status Server::Loop::add_connection(Fd fd, std::string peer) {
  auto connection =
      std::make_unique<Connection>(std::move(fd), std::move(peer), options_.reader, now_);
  epoll_event event{};
  // Edge-triggered, both ways, once: no further epoll_ctl for the life of the connection.
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = connection.get();
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection->fd.get(), &event) != 0) {
    return errno_error("watch a connection", errno);
  }
  Connection* added = connection.release();
  added->place = connections_.insert(connections_.end(), added);
  counters_.accepted.fetch_add(1, std::memory_order_relaxed);
  counters_.connections.store(++open_, std::memory_order_relaxed);
  add_to_do(*added);
  return Done{};
}

void Server::Loop::set_accepting(bool on) {
  if (on == accepting_ || !listener_.valid()) {
    return;
  }
  epoll_event event{};
  event.events = EPOLLIN | EPOLLEXCLUSIVE;  // where several processes share it, one is enough
  event.data.ptr = &listener_;
  if (epoll_ctl(epoll_.get(), on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener_.get(), &event) == 0) {
    accepting_ = on;
  }
}

void Server::Loop::accept_some() {
  for (int i = 0; i < kAcceptsInARow && listener_.valid(); ++i) {
    if (open_ >= options_.max_connections) {
      set_accepting(false);
      return;
    }
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Fd fd(accept4(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size,
                  SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) {
      const int error = errno;
      if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        set_accepting(false);  // the next sweep tries again
        tell_lack(error);
      }
      if (error != ECONNABORTED && error != EINTR) {
        return;
      }
      continue;
    }
    // On failure the connection is closed; there is nobody to tell.
    std::string peer = name_of(fd.get(), address);
    static_cast<void>(add_connection(std::move(fd), std::move(peer)).ok());
  }
}

void Server::Loop::tell_lack(int error) {
  const std::int64_t now = options_.clock->monotonic().time_since_epoch().count();
  std::int64_t last = lack_reported_.load();
  if (last != 0 && now - last < Nanoseconds(kBetweenLacks).count()) return;
  if (lack_reported_.compare_exchange_strong(last, now)) options_.on_lack(error);
}

void Server::Loop::order(int what) {
  if (what != 0) {
    ordered_.fetch_or(what, std::memory_order_release);
  }
  raise_event(wakeup_.get());
}

void Server::Loop::obey() {
  int ordered = ordered_.load(std::memory_order_acquire);
  stopping_ |= (ordered & kStop) != 0;
  if ((ordered & kDrain) != 0 && !draining_.load()) {
    start_draining();
  }
}

void Server::Loop::wait_for_events(int timeout) {
  LeaderPriority& priority = leader_followers_.priority();
  next_event_ = 0;
  event_count_ = std::max(priority.wait(events_, untold_ ? 0 : timeout), 0);
  if (event_count_ == 0 && untold_ && timeout != 0) {
    tell_before_wait();
    event_count_ = std::max(priority.wait(events_, timeout), 0);
  }
  now_ = options_.clock->monotonic();
}

void Server::Loop::tell_before_wait() {
  untold_ = false;
  told_ = now_;
  service_.before_wait();
}

Connection* Server::Loop::note_event(const epoll_event& event) {
  if (event.data.ptr == &listener_) {
    accept_some();
    return nullptr;
  }
  if (event.data.ptr == &wakeup_) {
    std::uint64_t count = 0;
    static_cast<void>(!::read(wakeup_.get(), &count, sizeof count));
    obey();
    return nullptr;
  }
  auto* connection = static_cast<Connection*>(event.data.ptr);
  if (connection->closed) {
    return nullptr;
  }
  if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    connection->readable = true;
  }
  connection->hung_up |= (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  // A peer that closed only its sending side still waits for its answer.
  connection->gone |= (event.events & (EPOLLHUP | EPOLLERR)) != 0;
  return connection;
}

void Server::Loop::close(Connection& connection) {
  connection.fd.reset();
  connection.closed = true;
  connections_.erase(connection.place);
  held_ -= connection.held;
  counters_.held.store(held_, std::memory_order_relaxed);
  counters_.connections.store(--open_, std::memory_order_relaxed);
  graveyard_.push_back(&connection);
  if (!accepting_ && open_ < options_.max_connections) {
    set_accepting(true);
  }
}

void Server::Loop::bury() {
  // Events of this turn may name a closed connection, and so may the to-do list.
  std::erase_if(graveyard_, [](Connection* connection) {
    if (connection->listed) {
      return false;
    }
    delete connection;
    return true;
  });
}

void Server::Loop::add_to_do(Connection& connection) {
  if (!connection.listed) {
    connection.listed = true;
    to_do_.push_back(&connection);
  }
}

int Server::Loop::timeout_ms() {
  if (!to_do_.empty() || any_runnable()) {
    return 0;
  }
  bool sweeps = draining_.load() || !connections_.empty() || !accepting_;  // so if any is deferred
  if (!sweeps && tidies_left_ == 0) {
    if (options_.beat.count() == 0) return -1;  // an idle server does not wake up
    return static_cast<int>(options_.beat.count());
  }
  auto until = sweeps ? next_sweep_ : next_tidy_;
  if (options_.beat.count() > 0) until = std::min(until, now_ + options_.beat);
  if (!deferred_.empty()) until = std::min(until, deferred_.front().due);
  auto left = std::chrono::ceil<milliseconds>(until - options_.clock->monotonic());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

bool Server::Loop::over() const {
  if (stopping_) {
    return running_ == 0;
  }
  return draining_.load() && !listener_.valid() && connections_.empty();
}

void Server::Loop::start_draining() {
  draining_.store(true);
  drain_since_ = next_sweep_ = now_;
  if (options_.shares_listener || is_one_for_all(listener_.get())) {
    return;  // what comes now is for the others, or for the process that is given it next
  }
  if (listener_.valid() && !refuse_new_connections(listener_.get()).ok()) {
    // No TCP: accept what is there, as the sweep does once more before it closes.
    accept_some();
  }
}

void Server::Loop::drain_more() {
  if (listener_.valid() && now_ - drain_since_ >= kHandshakes) {
    options_.max_connections = UINT32_MAX;
    // First of all: closing does not take the socket out of the epoll set while another process has
    // it too (epoll(7), questions 6), and this one would be woken for what it can no longer take.
    set_accepting(false);
    std::size_t before = 0;
    do {
      before = open_;
      accept_some();
    } while (open_ != before);
    listener_.reset();
  }
}

std::chrono::seconds Server::Loop::patience_with(const Connection& connection) const {
  if (connection.lingering) {
    return kLinger;
  }
  // Full, and this peer has most of the connections: it may not keep them idle.
  const bool full = open_ >= options_.max_connections && connection.host() == greedy_;
  if (connection.pending()) {
    return full ? std::min(kIdleWhenFull, options_.write_timeout) : options_.write_timeout;
  }
  switch (connection.reader.state()) {
    case Reader::State::kHead:
      return full ? std::min(kIdleWhenFull, options_.head_timeout) : options_.head_timeout;
    case Reader::State::kBody: {
      const seconds at_rate(connection.reader.received() / std::max(options_.least_rate, 1u));
      return std::min(options_.body_timeout,
                      (full ? kIdleWhenFull : options_.head_timeout) + at_rate);
    }
    default:
      break;
  }
  if (!connection.served) {
    return options_.head_timeout;
  }
  return open_ >= options_.max_connections ? std::min(kIdleWhenFull, options_.idle_timeout)
                                           : options_.idle_timeout;
}

void Server::Loop::sweep_one(Connection& connection) {
  if (connection.busy || connection.waiting) {
    return;  // the guest's own deadline bounds this
  }
  auto waited = now_ - connection.since;
  Reader::State state = connection.reader.state();
  bool idle = state == Reader::State::kIdle && !connection.pending() && !connection.lingering;
  if (idle && draining_.load() && now_ - drain_since_ >= options_.drain_idle) {
    connection.closing = true;
    add_to_do(connection);
  } else if (waited > patience_with(connection)) {
    if (!connection.pending() && (state == Reader::State::kHead || state == Reader::State::kBody)) {
      refuse(connection, {408, "the request did not arrive in time"});
      connection.closing = true;
      add_to_do(connection);
    } else {
      close(connection);
    }
  }
}

void Server::Loop::sweep() {
  bool draining = draining_.load();
  next_sweep_ = now_ + (draining ? Nanoseconds(kDrainSweep) : Nanoseconds(kSweep));
  if (draining) {
    drain_more();
  }
  if (listener_.valid() && open_ < options_.max_connections) {
    set_accepting(true);
    // Of those that share the socket one is woken (EPOLLEXCLUSIVE). What it did not take, because
    // it ended or was full, wakes nobody else.
    if (options_.shares_listener) accept_some();
  }
  greedy_ = open_ >= options_.max_connections ? greedy_peer() : std::string_view();
  for (auto at = connections_.begin(); at != connections_.end();) {
    Connection& connection = **at++;
    sweep_one(connection);
  }
}

}  // namespace ferry::http
