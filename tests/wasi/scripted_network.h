// A network for fuzz targets: bytes of the input say what each look-up and each connection comes
// to, and what the peer sends. Nothing waits for a peer: it has sent all that it will, and has
// ended its side, before the guest has the connection.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "net/network.h"
#include "wasi/context.h"

namespace ferry::wasi {

class ScriptedNetwork final : public net::Network {
 public:
  // Borrowed for its life. Once it is used up, each connection gets a peer that says nothing.
  explicit ScriptedNetwork(std::string_view script) : script_(script) {}

  Result<std::vector<net::Address>> resolve(const std::string& /*name*/,
                                            Monotonic /*until*/) override {
    switch (take() % 4) {
      case 1:
        return Error{Code::kNotFound, "no such name", ""};
      case 2:
        return Error{Code::kBusy, "no answer", ""};
      default:
        return std::vector{*net::parse_address("10.0.0.1"), *net::parse_address("fd00::1")};
    }
  }

  int connect(const net::Endpoint& /*to*/, Fd& out) override {
    const unsigned how = take() % 8;
    if (how == 1) return ECONNREFUSED;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
      return errno;
    }
    out = Fd(ends[0]);
    Fd peer(ends[1]);
    const std::string_view said = script_.substr(0, take() * 4u);
    script_.remove_prefix(said.size());
    if (::send(peer.get(), said.data(), said.size(), MSG_NOSIGNAL) < 0) return errno;
    ::shutdown(peer.get(), SHUT_WR);
    if (how != 2) peers_.push_back(std::move(peer));  // else it hangs up: what is sent is refused
    return how == 3 ? EINPROGRESS : 0;
  }

 private:
  std::uint8_t take() {
    if (script_.empty()) return 0;
    const auto out = static_cast<std::uint8_t>(script_.front());
    script_.remove_prefix(1);
    return out;
  }

  std::string_view script_;
  std::vector<Fd> peers_;
};

// What the guest is granted of such a network, and whether it kept to that.
class ScriptedAccess {
 public:
  static constexpr std::uint64_t kMostBytes = 4096;
  static constexpr std::uint32_t kConnections = 3;

  explicit ScriptedAccess(std::string_view script)
      : unused_(free_descriptor()), network_(std::in_place, script) {
    access_.policy =
        net::Policy({*net::parse_grant("10.0.0.0/8:80"), *net::parse_grant("10.0.0.0/8:7"),
                     *net::parse_grant("[fd00::/8]:80"), *net::parse_grant("peer.example:443"),
                     *net::parse_grant("localhost:80")});
    access_.network = &*network_;
    access_.connections = kConnections;
    access_.bytes = kMostBytes;
    access_.ca_bundle = "certificates";
  }

  const NetworkAccess* get() const { return &access_; }

  // Once the guest has ended.
  static void check_records(Context& context) {
    context.end_network();
    std::uint64_t bytes = 0;
    for (const ConnectionRecord& record : context.connections()) {
      bytes += record.sent + record.received;
      const std::string peer = net::to_string(record.peer);
      bool granted = false;
      for (const char* begin : {"10.", "[fd", "127.0.0.1:80", "[::1]:80"}) {
        granted |= peer.starts_with(begin);
      }
      if (!granted) std::abort();
    }
    if (bytes > kMostBytes) std::abort();
    if (context.connections().size() > kConnections * kAttemptsPerConnection) std::abort();
  }

  // Once nothing of the guest is left. The peers hang up.
  void check_closed() {
    network_.reset();
    if (free_descriptor() != unused_) std::abort();
  }

 private:
  // The lowest one: where another was left open, it is not the same as before.
  static int free_descriptor() {
    const int out = ::dup(STDIN_FILENO);
    ::close(out);
    return out;
  }

  int unused_;
  std::optional<ScriptedNetwork> network_;
  NetworkAccess access_;
};

}  // namespace ferry::wasi
