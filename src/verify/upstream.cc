#include "verify/upstream.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <list>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "http/message.h"
#include "http/reader.h"
#include "net/grant.h"

namespace ferry::verify {
namespace {

// After an event its connections are closed; one that is not has leaked.
constexpr std::chrono::seconds kUntilClosed{5};
constexpr std::size_t kMostReceived = 64u << 20;

struct Place {
  std::string host;
  std::uint16_t port = 0;
};

Result<Place> place_of(const std::string& at) {
  const Error wrong{Code::kInvalid, fmt::format("'{}' is not HOST:PORT", at),
                    "as in \"db.internal:5432\""};
  const auto colon = at.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong;
  Place out{at.substr(0, colon)};
  const std::string digits = at.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (error != std::errc() || end != digits.data() + digits.size() || out.port == 0) return wrong;
  if (out.host.starts_with('[') && out.host.ends_with(']')) {
    out.host = out.host.substr(1, out.host.size() - 2);
  }
  if (net::parse_address(out.host)) return out;
  const auto name = net::normal_name(out.host);
  if (!name) return wrong;
  out.host = *name;
  return out;
}

// Addresses on the public Internet, since a granted name may lead there; nothing is ever sent to
// them, as connect() leads elsewhere.
net::Address address_of(std::size_t number) {
  net::Address out;
  out.bytes = {100, 0, 0, static_cast<std::uint8_t>(number + 1)};
  return out;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string answer_text(const HttpAnswer& answer, bool with_body) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nContent-Length: {}\r\n", answer.status,
                                http::reason_phrase(answer.status), answer.body.size());
  if (!answer.content_type.empty()) {
    out += fmt::format("Content-Type: {}\r\n", answer.content_type);
  }
  out += "\r\n";
  if (with_body) out += answer.body;
  return out;
}

}  // namespace

Status check_place(const std::string& at) {
  FERRY_CHECK_OK(place_of(at));
  return Done{};
}

class Upstreams::Server {
 public:
  // `host` and `to` are where the function connects to; the server itself listens on `port`.
  Server(const Upstream& what, std::string host, const net::Endpoint& to, Fd listener,
         std::uint16_t port)
      : what_(what),
        host_(std::move(host)),
        to_(to),
        listener_(std::move(listener)),
        port_(port),
        acceptor_([this] { accept_all(); }) {}

  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);  // ends accept()
    acceptor_.join();
    close_all();
  }

  const std::string& host() const { return host_; }
  const net::Address& address() const { return to_.address; }
  bool serves(const net::Endpoint& to) const {
    if (to.port != to_.port) return false;
    return to.address == to_.address ||
           (host_ == "localhost" && net::kind_of(to.address) == net::AddressKind::kLoopback);
  }
  std::uint16_t port() const { return port_; }

  std::string take_received() {
    {
      std::unique_lock lock(mutex_);
      ended_.wait_for(lock, kUntilClosed, [this] { return open_ == 0; });
    }
    close_all();
    std::ranges::sort(received_);
    std::string out;
    for (const std::string& each : std::exchange(received_, {})) {
      out += fmt::format("connection to {}: {}\n", what_.at, each);
    }
    return out;
  }

 private:
  struct Connection {
    Fd socket;
    std::thread thread;
  };

  void accept_all() {
    while (true) {
      Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket.valid() && (errno == EINTR || errno == ECONNABORTED)) continue;
      if (!socket.valid()) return;
      const std::lock_guard lock(mutex_);
      ++open_;
      Connection& connection = connections_.emplace_back();
      connection.socket = std::move(socket);
      connection.thread = std::thread([this, at = connection.socket.get()] { serve(at); });
    }
  }

  void close_all() {
    std::list<Connection> all;
    {
      const std::lock_guard lock(mutex_);
      all.swap(connections_);
    }
    for (Connection& each : all) {
      ::shutdown(each.socket.get(), SHUT_RDWR);
      each.thread.join();
    }
  }

  void serve(int socket) {
    std::string received;
    if (what_.http.empty()) {
      run_steps(socket, received);
    } else {
      answer_requests(socket, received);
    }
    ::shutdown(socket, SHUT_WR);
    while (read_more(socket, received)) {
    }
    const std::lock_guard lock(mutex_);
    received_.push_back(std::move(received));
    --open_;
    ended_.notify_all();
  }

  static bool read_more(int socket, std::string& received) {
    char room[16384];
    const ssize_t got = ::recv(socket, room, sizeof room, 0);
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0 || received.size() > kMostReceived) return false;
    received.append(room, static_cast<std::size_t>(got));
    return true;
  }

  void run_steps(int socket, std::string& received) const {
    std::size_t from = 0;
    for (const Step& step : what_.steps) {
      while (true) {
        const auto found = received.find(step.receive, from);
        if (found != std::string::npos) {
          from = found + step.receive.size();
          break;
        }
        if (!read_more(socket, received)) return;
      }
      if (!send_all(socket, step.send)) return;
    }
  }

  void answer_requests(int socket, std::string& received) const {
    http::Reader reader({});
    while (true) {
      switch (reader.advance()) {
        case http::Reader::State::kReady: {
          const bool last = !reader.head().keep_alive;
          const bool sent = send_all(socket, answer_to(reader.head()));
          reader.next();
          if (!sent || last) return;
          continue;
        }
        case http::Reader::State::kRefused:
          send_all(socket, answer_text(
                               {
                                   "",
                                   reader.refusal().status,
                                   "",
                                   "",
                               },
                               true));
          return;
        default:
          break;
      }
      const std::size_t before = received.size();
      if (!read_more(socket, received)) return;
      std::string_view fresh = std::string_view(received).substr(before);
      while (!fresh.empty()) {
        const std::span<char> room = reader.room();
        const std::size_t part = std::min(room.size(), fresh.size());
        std::copy_n(fresh.data(), part, room.data());
        reader.filled(part);
        fresh.remove_prefix(part);
        if (!fresh.empty()) reader.advance();
      }
    }
  }

  std::string answer_to(const http::Head& head) const {
    const std::string request = fmt::format("{} {}", head.method, head.target);
    const auto found = std::ranges::find(what_.http, request, &HttpAnswer::request);
    const bool with_body = head.method != "HEAD";
    if (found != what_.http.end()) return answer_text(*found, with_body);
    return answer_text({"", 404, "text/plain", "the case has no answer to " + request + "\n"},
                       with_body);
  }

  const Upstream what_;
  const std::string host_;
  const net::Endpoint to_;
  const Fd listener_;
  const std::uint16_t port_;

  std::mutex mutex_;  // of all below
  std::condition_variable ended_;
  std::list<Connection> connections_;
  std::vector<std::string> received_;
  std::size_t open_ = 0;
  std::thread acceptor_;  // last: it uses the rest
};

Upstreams::Upstreams() = default;

Upstreams::~Upstreams() = default;

Status Upstreams::begin(const std::vector<Upstream>& upstreams) {
  servers_.clear();
  for (const Upstream& each : upstreams) {
    FERRY_TRY(Place place, place_of(each.at));
    const auto literal = net::parse_address(place.host);
    // One name has one address, whatever ports it serves.
    const auto known =
        std::ranges::find(servers_, place.host, [](const auto& server) { return server->host(); });
    const net::Address address = literal                   ? *literal
                                 : known != servers_.end() ? (*known)->address()
                                                           : address_of(servers_.size());
    Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* generic = reinterpret_cast<sockaddr*>(&at);
    if (!listener.valid() || ::bind(listener.get(), generic, size) != 0 ||
        ::listen(listener.get(), SOMAXCONN) != 0 ||
        ::getsockname(listener.get(), generic, &size) != 0) {
      return errno_error(fmt::format("start the upstream {}", each.at), errno);
    }
    servers_.push_back(std::make_unique<Server>(each, std::move(place.host),
                                                net::Endpoint{address, place.port},
                                                std::move(listener), ntohs(at.sin_port)));
  }
  return Done{};
}

std::string Upstreams::take_received() {
  std::string out;
  for (const auto& server : servers_) out += server->take_received();
  return out;
}

Result<std::vector<net::Address>> Upstreams::resolve(const std::string& name, Monotonic /*until*/) {
  for (const auto& server : servers_) {
    if (server->host() == name) return std::vector{server->address()};
  }
  return Error{Code::kNotFound, fmt::format("the case has no upstream {}", name), ""};
}

int Upstreams::connect(const net::Endpoint& to, Fd& out) {
  for (const auto& server : servers_) {
    if (!server->serves(to)) continue;
    net::Address loopback;
    loopback.bytes = {127, 0, 0, 1};
    return net::system_network().connect({loopback, server->port()}, out);
  }
  return ECONNREFUSED;
}

}  // namespace ferry::verify
