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
#include <sys/socket.h>

#include "http/message.h"
#include "http/reader.h"
#include "net/grant.h"
#include "verify/stream.h"

namespace ferry::verify {
namespace {

// After an event its connections are closed; one that is not has leaked.
constexpr std::chrono::seconds kUntilClosed{5};
constexpr std::size_t kMostReceived = 64u << 20;
// Stands for what was sent in place of a TLS session.
constexpr char kNoTls[] = "(no TLS session)";

// Addresses on the public Internet, since a granted name may lead there; nothing is ever sent to
// them, as connect() leads elsewhere.
net::Address address_of(std::size_t number) {
  net::Address out;
  out.bytes = {100, 0, 0, static_cast<std::uint8_t>(number + 1)};
  return out;
}

net::Address loopback_address() {
  net::Address out;
  out.bytes = {127, 0, 0, 1};
  return out;
}

std::string answer_text(const HttpAnswer& answer, bool with_body) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nContent-Length: {}\r\n", answer.status,
                                http::reason_phrase(answer.status), answer.body.size());
  if (!answer.content_type.empty()) {
    out += fmt::format("Content-Type: {}\r\n", answer.content_type);
  }
  for (const auto& [name, value] : answer.headers) out += fmt::format("{}: {}\r\n", name, value);
  out += "\r\n";
  if (with_body) out += answer.body;
  return out;
}

// With what the secrets' names stand for.
Upstream revealed(const Secrets& secrets, Upstream upstream) {
  for (Step& step : upstream.steps) {
    step.receive = secrets.reveal(step.receive);
    step.send = secrets.reveal(step.send);
  }
  for (HttpAnswer& answer : upstream.http) {
    answer.request = secrets.reveal(answer.request);
    answer.body = secrets.reveal(answer.body);
  }
  return upstream;
}

}  // namespace

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

class Upstreams::Server {
 public:
  // `host` and `to` are where the function connects to; the server itself listens on `port`.
  // `scripts`: one a connection. The rest is borrowed.
  Server(std::vector<Upstream> scripts, std::string host, const net::Endpoint& to, Fd listener,
         std::uint16_t port, Authority& authority, const Secrets& secrets)
      : scripts_(std::move(scripts)),
        host_(std::move(host)),
        to_(to),
        listener_(std::move(listener)),
        port_(port),
        authority_(authority),
        secrets_(secrets),
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
    // Of localhost's two addresses, which need no look-up, one: every other name has one as well,
    // and a client that tries both would use up two scripts.
    return to.address == to_.address || (host_ == "localhost" && to.address == loopback_address());
  }
  std::uint16_t port() const { return port_; }

  std::string take_received() {
    {
      std::unique_lock lock(mutex_);
      ended_.wait_for(lock, kUntilClosed, [this] { return open_ == 0; });
    }
    close_all();
    const std::lock_guard lock(mutex_);
    begun_ = 0;
    asked_.clear();
    std::ranges::sort(received_);
    std::string out;
    for (const std::string& each : std::exchange(received_, {})) {
      out += fmt::format("connection to {}: {}\n", scripts_.front().at, secrets_.mask(each));
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
      const Upstream& script = scripts_[std::min(begun_++, scripts_.size() - 1)];
      connection.thread =
          std::thread([this, &script, at = connection.socket.get()] { serve(script, at); });
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

  void serve(const Upstream& script, int socket) {
    Stream stream(socket);
    std::string received;
    bool talked = !script.tls || stream.serve_tls(authority_, host_);
    if (talked && script.http.empty()) {
      talked = run_steps(script, stream, received);
    } else if (talked) {
      answer_requests(script, stream, received);
    }
    if (!talked) received += kNoTls;
    stream.end();
    std::string unheard;  // alerts, where there was no session
    while (read_more(stream, talked ? received : unheard)) {
    }
    const std::lock_guard lock(mutex_);
    received_.push_back(std::move(received));
    --open_;
    ended_.notify_all();
  }

  static bool read_more(Stream& stream, std::string& received) {
    char room[16384];
    const std::size_t got = stream.receive(room);
    if (got == 0 || received.size() > kMostReceived) return false;
    received.append(room, got);
    return true;
  }

  // False: a TLS session did not come about.
  bool run_steps(const Upstream& script, Stream& stream, std::string& received) {
    std::size_t from = 0;
    for (const Step& step : script.steps) {
      while (true) {
        const auto found = received.find(step.receive, from);
        if (found != std::string::npos) {
          from = found + step.receive.size();
          break;
        }
        if (!read_more(stream, received)) return true;
      }
      if (!stream.send(step.send)) return true;
      if (step.tls && !stream.serve_tls(authority_, host_)) return false;
    }
    return true;
  }

  void answer_requests(const Upstream& script, Stream& stream, std::string& received) {
    http::Reader reader({});
    while (true) {
      switch (reader.advance()) {
        case http::Reader::State::kReady: {
          const bool last = !reader.head().keep_alive;
          const bool sent = stream.send(answer_to(script, reader.head()));
          reader.next();
          if (!sent || last) return;
          continue;
        }
        case http::Reader::State::kRefused:
          stream.send(answer_text({.request = {}, .status = reader.refusal().status}, true));
          return;
        default:
          break;
      }
      const std::size_t before = received.size();
      if (!read_more(stream, received)) return;
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

  std::string answer_to(const Upstream& script, const http::Head& head) {
    const std::string request = fmt::format("{} {}", head.method, head.target);
    const bool with_body = head.method != "HEAD";
    const HttpAnswer* found = nullptr;
    std::size_t turn = 0;
    {
      const std::lock_guard lock(mutex_);
      turn = asked_[request]++;
    }
    for (const HttpAnswer& each : script.http) {
      if (each.request != request) continue;
      found = &each;
      if (turn-- == 0) break;
    }
    if (found != nullptr) return answer_text(*found, with_body);
    return answer_text({.request = {},
                        .status = 404,
                        .content_type = "text/plain",
                        .body = "the case has no answer to " + request + "\n"},
                       with_body);
  }

  const std::vector<Upstream> scripts_;
  const std::string host_;
  const net::Endpoint to_;
  const Fd listener_;
  const std::uint16_t port_;
  Authority& authority_;
  const Secrets& secrets_;

  std::mutex mutex_;  // of all below
  std::condition_variable ended_;
  std::list<Connection> connections_;
  std::vector<std::string> received_;
  std::map<std::string, std::size_t, std::less<>> asked_;  // how often, by request
  std::size_t begun_ = 0;
  std::size_t open_ = 0;
  std::thread acceptor_;  // last: it uses the rest
};

Upstreams::Upstreams(Secrets secrets) : secrets_(std::move(secrets)) {}

Upstreams::~Upstreams() = default;

Status Upstreams::begin(const std::vector<Upstream>& upstreams) {
  servers_.clear();
  std::vector<std::pair<Place, std::vector<Upstream>>> places;
  for (const Upstream& each : upstreams) {
    FERRY_TRY(Place place, place_of(each.at));
    auto known = std::ranges::find_if(places, [&](const auto& one) { return one.first == place; });
    if (known == places.end())
      known = places.emplace(known, std::move(place), std::vector<Upstream>());
    known->second.push_back(revealed(secrets_, each));
  }
  for (auto& [place, scripts] : places) {
    FERRY_CHECK_OK(add_server(std::move(place), std::move(scripts)));
  }
  return Done{};
}

Status Upstreams::add_server(Place place, std::vector<Upstream> scripts) {
  const auto literal = net::parse_address(place.host);
  // One name has one address, whatever ports it serves.
  const auto known =
      std::ranges::find(servers_, place.host, [](const auto& server) { return server->host(); });
  const net::Address address = literal                   ? *literal
                               : known != servers_.end() ? (*known)->address()
                                                         : address_of(servers_.size());
  Listener listener;
  if (const int failed = listen_on_loopback(SOMAXCONN, listener); failed != 0) {
    return errno_error(fmt::format("start the upstream {}", scripts.front().at), failed);
  }
  servers_.push_back(std::make_unique<Server>(
      std::move(scripts), std::move(place.host), net::Endpoint{address, place.port},
      std::move(listener.socket), listener.port, authority_, secrets_));
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
    return net::system_network().connect({loopback_address(), server->port()}, out);
  }
  return ECONNREFUSED;
}

}  // namespace ferry::verify
