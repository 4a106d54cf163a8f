#include "verify/capture.h"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "verify/stream.h"

namespace ferry::verify {
namespace {

constexpr std::chrono::seconds kUntilConnected{10};
constexpr std::chrono::seconds kUntilEnded{5};  // after an event its connections are closed
constexpr std::size_t kMostTalk = 64u << 20;

// A TLS record that begins a handshake (RFC 8446, 5.1): type 22, version 3.x.
bool is_client_hello(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x16 && bytes[1] == 0x03;
}

// 0, or the errno: waits for a connection that was begun.
int await_connection(int socket) {
  pollfd ready{socket, POLLOUT, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kUntilConnected);
  const int count = ::poll(&ready, 1, static_cast<int>(patience.count()));
  if (count <= 0) return count == 0 ? ETIMEDOUT : errno;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

void make_blocking(int socket) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags >= 0) ::fcntl(socket, F_SETFL, flags & ~O_NONBLOCK);
}

// Two ends of a connection over loopback: what a function connects to is a TCP socket like any
// other. `theirs` is non-blocking.
int make_pair(Fd& theirs, Fd& ours) {
  Listener listener;
  if (const int failed = listen_on_loopback(1, listener); failed != 0) return failed;
  net::Address loopback;
  loopback.bytes = {127, 0, 0, 1};
  const int begun = net::system_network().connect({loopback, listener.port}, theirs);
  if (begun != 0 && begun != EINPROGRESS) return begun;
  sockaddr_in own{};
  socklen_t size = sizeof own;
  if (::getsockname(theirs.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) return errno;
  while (true) {  // somebody else on this machine may have connected first
    sockaddr_in peer{};
    size = sizeof peer;
    Fd socket(
        ::accept4(listener.socket.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    if (!socket.valid() && errno != EINTR && errno != ECONNABORTED) return errno;
    if (socket.valid() && peer.sin_port == own.sin_port) {
      ours = std::move(socket);
      return 0;
    }
  }
}

}  // namespace

// One connection and the thread that passes its bytes on.
class Capture::Relay {
 public:
  Relay(Talk talk, std::string host, Fd guest, Fd upstream, const net::TrustStore& trusted,
        Authority& authority)
      : talk_(std::move(talk)),
        host_(std::move(host)),
        guest_(std::move(guest)),
        upstream_(std::move(upstream)),
        trusted_(trusted),
        authority_(authority),
        thread_([this] { run(); }) {}
  ~Relay() {
    end();
    thread_.join();
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Waits until it has ended by itself, and ends it after a while.
  Result<Talk> finish() {
    {
      std::unique_lock lock(mutex_);
      ended_.wait_for(lock, kUntilEnded, [this] { return over_; });
    }
    end();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return over_; });
    if (!problem_.empty()) {
      return Error{Code::kInvalid, fmt::format("recording {}: {}", talk_.at, problem_), hint_};
    }
    return std::move(talk_);
  }

 private:
  void end() const {
    ::shutdown(guest_.get(), SHUT_RDWR);
    ::shutdown(upstream_.get(), SHUT_RDWR);
  }

  void run() {
    Stream guest(guest_.get());
    Stream upstream(upstream_.get());
    pass(guest, upstream);
    end();
    const std::lock_guard lock(mutex_);
    over_ = true;
    ended_.notify_all();
  }

  void pass(Stream& guest, Stream& upstream) {
    bool guest_open = true;
    bool upstream_open = true;
    while (guest_open || upstream_open) {
      // A descriptor of -1 is left out.
      std::array<pollfd, 2> ready{{{guest_open ? guest.socket() : -1, POLLIN, 0},
                                   {upstream_open ? upstream.socket() : -1, POLLIN, 0}}};
      const bool pending =
          (guest_open && guest.has_pending()) || (upstream_open && upstream.has_pending());
      if (::poll(ready.data(), ready.size(), pending ? 0 : -1) < 0 && errno != EINTR) return;
      // The upstream first: what it said before the function says more.
      if (upstream_open && (ready[1].revents != 0 || upstream.has_pending())) {
        upstream_open = pass_answer(upstream, guest);
        // Nothing can be sent to it any more; what it still sends is not read either.
        if (!upstream_open) guest.end();
      } else if (guest_open && (ready[0].revents != 0 || guest.has_pending())) {
        if (!tls_ && begins_tls(guest)) {
          if (!start_tls(guest, upstream)) return;
          continue;
        }
        guest_open = pass_request(guest, upstream);
        if (!guest_open) upstream.end();
      }
    }
  }

  static bool begins_tls(const Stream& guest) {
    std::array<char, 2> first{};
    return is_client_hello({first.data(), guest.peek(first)});
  }

  bool start_tls(Stream& guest, Stream& upstream) {
    tls_ = true;
    if (talk_.turns.empty()) {
      talk_.tls = true;
    } else {
      talk_.turns.back().tls = true;
    }
    if (!guest.serve_tls(authority_, host_)) {
      problem_ = "the function did not accept a certificate of the test authority";
      hint_ = "it has to trust the certificates that SSL_CERT_FILE names";
      return false;
    }
    const Status begun = upstream.ask_tls(trusted_, host_, guest.protocol());
    if (!begun.ok()) {
      problem_ = "TLS: " + begun.error().message;
      hint_ = "[grant] ca names the certificates that are trusted beside this machine's";
    }
    return begun.ok();
  }

  bool pass_request(Stream& from, Stream& to) {
    const std::size_t got = from.receive(room_);
    if (got == 0) return false;
    const std::string_view bytes(room_.data(), got);
    if (talk_.turns.empty() || !talk_.turns.back().received.empty() || talk_.turns.back().tls) {
      talk_.turns.emplace_back();
    }
    return keep(talk_.turns.back().sent, bytes) && to.send(bytes);
  }

  bool pass_answer(Stream& from, Stream& to) {
    const std::size_t got = from.receive(room_);
    if (got == 0) return false;
    const std::string_view bytes(room_.data(), got);
    if (talk_.turns.empty() || talk_.turns.back().tls) talk_.turns.emplace_back();
    return keep(talk_.turns.back().received, bytes) && to.send(bytes);
  }

  bool keep(std::string& part, std::string_view bytes) {
    kept_ += bytes.size();
    if (kept_ > kMostTalk) {
      problem_ = "more than 64 MiB went over one connection";
      return false;
    }
    part += bytes;
    return true;
  }

  // Of the thread, until it is over.
  Talk talk_;
  const std::string host_;
  const Fd guest_;
  const Fd upstream_;
  const net::TrustStore& trusted_;
  Authority& authority_;
  std::array<char, 16384> room_{};
  bool tls_ = false;
  std::size_t kept_ = 0;
  std::string problem_;
  std::string hint_;

  std::mutex mutex_;  // of over_
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;  // last: it uses the rest
};

Capture::Capture(net::Network& real, const std::string& trusted)
    : real_(real), trusted_(net::TrustStore::of(trusted)) {}

Capture::~Capture() = default;

Result<std::vector<net::Address>> Capture::resolve(const std::string& name, Monotonic until) {
  FERRY_TRY(auto addresses, real_.resolve(name, until));
  const std::lock_guard lock(mutex_);
  for (const net::Address& each : addresses) names_[each] = name;
  return addresses;
}

int Capture::connect(const net::Endpoint& to, Fd& out) {
  Fd upstream;
  int error = real_.connect(to, upstream);
  if (error == EINPROGRESS) error = await_connection(upstream.get());
  if (error != 0) return error;
  make_blocking(upstream.get());
  Fd theirs;
  Fd ours;
  error = make_pair(theirs, ours);
  if (error != 0) return error;
  const std::lock_guard lock(mutex_);
  const auto name = names_.find(to.address);
  const bool loopback = net::kind_of(to.address) == net::AddressKind::kLoopback;
  std::string host = name != names_.end() ? name->second
                     : loopback           ? "localhost"
                                          : net::to_string(to.address);
  Talk talk{.at = name != names_.end() || loopback ? fmt::format("{}:{}", host, to.port)
                                                   : net::to_string(to),
            .turns = {}};
  relays_.push_back(std::make_unique<Relay>(std::move(talk), std::move(host), std::move(ours),
                                            std::move(upstream), *trusted_, authority_));
  out = std::move(theirs);
  return EINPROGRESS;
}

Result<std::vector<Talk>> Capture::take() {
  std::list<std::unique_ptr<Relay>> relays;
  {
    const std::lock_guard lock(mutex_);
    relays.swap(relays_);
  }
  std::vector<Talk> out;
  for (const auto& each : relays) {
    FERRY_TRY(Talk talk, each->finish());
    out.push_back(std::move(talk));
  }
  return out;
}

}  // namespace ferry::verify
