// Records what goes over a function's connections, as the upstreams of a case: functions reach the
// network through it while `ferry verify --record` runs each case once.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/network.h"
#include "net/tls.h"
#include "verify/authority.h"
#include "verify/secrets.h"
#include "verify/upstream.h"

namespace ferry::verify {

// What went over one connection, in turns: what the function sent, and what came before it sent
// more. Where it began a TLS session, what went through that.
struct Talk {
  struct Turn {
    std::string sent;
    std::string received;
    bool tls = false;  // a TLS session begins behind it
    bool operator==(const Turn&) const = default;
  };
  std::string at;    // HOST:PORT
  bool tls = false;  // from the first byte
  std::vector<Turn> turns;
};

// The upstreams that answer as those did: HTTP where all that went to a place was HTTP/1.1 with one
// request after the other, else steps.
std::vector<Upstream> upstreams_of(const std::vector<Talk>& talks, const Secrets& secrets);

// Passes each connection on to the real network. TLS ends here on both sides: the function sees
// certificates of the Authority, and the upstream's are checked against `trusted`. take() is called
// while no function runs; the rest by any thread.
class Capture final : public net::Network {
 public:
  // `real` is borrowed. `trusted`: PEM.
  Capture(net::Network& real, const std::string& trusted);
  ~Capture() override;
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // What went over since it was called last, by the order in which the connections began. An error
  // where something cannot be recorded: more than 64 MiB, a certificate that is not trusted.
  Result<std::vector<Talk>> take();

  Result<std::vector<net::Address>> resolve(const std::string& name, Monotonic until) override;
  int connect(const net::Endpoint& to, Fd& out) override;
  std::string certificates() const override { return authority_.certificate(); }

 private:
  class Relay;

  net::Network& real_;
  const std::shared_ptr<const net::TrustStore> trusted_;
  Authority authority_;
  std::mutex mutex_;  // of all below
  std::map<net::Address, std::string> names_;
  std::list<std::unique_ptr<Relay>> relays_;
};

}  // namespace ferry::verify
