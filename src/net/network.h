// The network as functions use it: look-ups and connections. Comes in from outside like Clock, so
// that a test decides what a name leads to and who answers.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "net/address.h"

namespace ferry::net {

// Thread-safe; knows nothing of grants (policy.h).
class Network {
 public:
  virtual ~Network() = default;

  // The addresses of a name, in the order to try them, never none. Blocks until then at most.
  // kNotFound: there is no such name, or it has no address; kBusy: nobody answered in time or the
  // servers failed, so that a later attempt may succeed.
  virtual Result<std::vector<Address>> resolve(const std::string& name, Monotonic until) = 0;

  // Begins a TCP connection on a new non-blocking socket. 0 or EINPROGRESS with `out` set, or the
  // errno without.
  virtual int connect(const Endpoint& to, Fd& out) = 0;

  // PEM of the authorities that certify what is reached through it, beside those that the machine
  // trusts; empty: none.
  virtual std::string certificates() const { return {}; }
};

// The operating system's sockets, and DNS by c-ares under the machine's /etc/resolv.conf and
// /etc/hosts: no NSS, so that a static program needs no shared library. Lives as long as the
// program; made at its first use, since most programs never connect.
Network& system_network();

}  // namespace ferry::net
