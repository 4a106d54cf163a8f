// The services that a case brings along: a function's connections lead to them in place of the
// network, on every engine and platform, and what they were sent is compared too.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/network.h"

namespace ferry::verify {

// What an upstream does on each connection: after the bytes that it waits for have come, it sends.
struct Step {
  std::string receive = {};  // empty: it waits for nothing
  std::string send = {};
  bool operator==(const Step&) const = default;
};

// An HTTP upstream's answer to one request.
struct HttpAnswer {
  std::string request;  // "GET /path?query", exactly
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  bool operator==(const HttpAnswer&) const = default;
};

struct Upstream {
  std::string at;  // "db.internal:5432", as the function names it
  // Either of them. After its last step it ends its side of the connection, and reads on until the
  // function ends the other.
  std::vector<Step> steps = {};
  std::vector<HttpAnswer> http = {};  // any other request is answered 404
  bool operator==(const Upstream&) const = default;
};

// Whether `at` is HOST:PORT; kInvalid says what is wrong.
Status check_place(const std::string& at);

// A network in which there is nothing but the upstreams of the present case, each a server on
// loopback behind an address of its own. begin() and take_received() are called by one thread while
// no function runs; the rest by any.
class Upstreams final : public net::Network {
 public:
  Upstreams();
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

 private:
  class Server;
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace ferry::verify
