// What a function may reach: decides about names before they are looked up, and about addresses
// before they are connected to. docs/network-policy.md is the page of it, with the threat model.
//
// Immutable once made; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/grant.h"

namespace ferry::net {

class Policy {
 public:
  Policy() = default;
  // `reserved` is out of reach whatever is granted: the platform's own control endpoint.
  explicit Policy(std::vector<Grant> grants, std::vector<Endpoint> reserved = {})
      : grants_(std::move(grants)), reserved_(std::move(reserved)) {}

  bool empty() const { return grants_.empty(); }
  const std::vector<Grant>& grants() const { return grants_; }

  // Whether a normal_name() may be looked up, for a connection to `port` (0: to any).
  Status may_resolve(std::string_view name, std::uint16_t port) const;
  // Whether an address that the name led to may be used for a connection to `port` (0: to any).
  Status may_use(std::string_view name, const Endpoint& endpoint) const;
  // Whether it may be connected to; never on port 0. `names` are those that led this event to the
  // address.
  Status may_connect(const Endpoint& endpoint, std::span<const std::string> names) const;

 private:
  Status may_reach(const Endpoint& endpoint, std::span<const std::string> names) const;
  bool reserved(const Endpoint& endpoint) const;
  bool granted_literally(const Endpoint& endpoint) const;

  std::vector<Grant> grants_;
  std::vector<Endpoint> reserved_;
};

// "HOST:PORT" of an AWS_LAMBDA_RUNTIME_API, as what Policy reserves; empty where the host is no
// address (it then is a name, which needs a grant like any other).
std::vector<Endpoint> reserved_endpoints(std::string_view runtime_api);

}  // namespace ferry::net
