// The services that a case brings along: a function's connections lead to them in place of the
// network, on every engine and platform, and what they were sent is compared too.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/network.h"
#include "verify/authority.h"
#include "verify/secrets.h"

namespace ferry::verify {

// What an upstream does on each connection: after the bytes that it waits for have come, it sends.
struct Step {
  std::string receive = {};  // empty: it waits for nothing
  std::string send = {};
  bool tls = false;  // the function begins a TLS session behind it (STARTTLS and the like)
  bool operator==(const Step&) const = default;
};

// An HTTP upstream's answer to one request.
struct HttpAnswer {
  std::string request;  // "GET /path?query", exactly
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  std::map<std::string, std::string, std::less<>> headers = {};  // beside those of the framing
  bool operator==(const HttpAnswer&) const = default;
};

inline constexpr std::uint16_t kHttpsPort = 443;

struct Upstream {
  std::string at;  // "db.internal:5432", as the function names it
  // From the first byte, by an authority that the function finds among those it may trust.
  bool tls = false;
  // Either of them. After its last step it ends its side of the connection, and reads on until the
  // function ends the other.
  std::vector<Step> steps = {};
  // Answers to the same request are given in turn, the last one from then on. Any other request is
  // answered 404.
  std::vector<HttpAnswer> http = {};
  bool operator==(const Upstream&) const = default;
};

// What is at HOST:PORT; kInvalid says what is wrong.
struct Place {
  std::string host;  // without brackets
  std::uint16_t port = 0;
  bool operator==(const Place&) const = default;
};
Result<Place> place_of(const std::string& at);

// A network in which there is nothing but the upstreams of the present case, each a server on
// loopback behind an address of its own. Of several at one place each serves one connection, in
// their order, and the last one all others. begin() and take_received() are called by one thread
// while no function runs; the rest by any.
class Upstreams final : public net::Network {
 public:
  // `secrets`: named in the upstreams' texts, and not to be shown in what was received.
  explicit Upstreams(Secrets secrets = {});
  ~Upstreams() override;
  Upstreams(const Upstreams&) = delete;
  Upstreams& operator=(const Upstreams&) = delete;

  // Ends those of the case before, and starts these. An error where loopback has no free port.
  Status begin(const std::vector<Upstream>& upstreams);
  // What they have received since it was asked last, upstream by upstream and connection by
  // connection, in an order that does not depend on time. Waits until the connections are closed.
  std::string take_received();

  Result<std::vector<net::Address>> resolve(const std::string& name, Monotonic until) override;
  int connect(const net::Endpoint& to, Fd& out) override;
  std::string certificates() const override { return authority_.certificate(); }

 private:
  class Server;
  Status add_server(Place place, std::vector<Upstream> scripts);

  const Secrets secrets_;
  Authority authority_;
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace ferry::verify
