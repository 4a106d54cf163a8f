// One entry of `[grant] connect`: where a function may connect to. The grammar has a page:
// docs/formats/manifest.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace ferry::net {

struct Grant {
  enum class Kind : unsigned char {
    kName,      // "db.internal:5432"
    kSuffix,    // "*.svc:6379": every name below, not the suffix itself
    kNetwork,   // "10.2.0.0/16:5432", "192.0.2.1:80", "[fd00::/8]:443"
    kLocalhost  // "localhost:5432": the loopback addresses, without a look-up
  };
  Kind kind = Kind::kName;
  bool web = false;       // from `http`: addresses on the public Internet only
  std::string name = {};  // kName, and kSuffix without "*."; lower case, no dot at the end
  Address network = {};   // kNetwork
  int prefix = 0;
  std::uint16_t port = 0;
};

// "HOST:PORT". An error names the pattern, what is wrong and the nearest form that is right.
Result<Grant> parse_grant(std::string_view text);
// An entry of `http`: HOST for ports 443 and 80, or HOST:PORT.
Result<std::vector<Grant>> parse_http_grant(std::string_view text);
std::string to_string(const Grant& grant);  // in the form that parse_grant reads

// A DNS name in lower case without its last dot; nothing if it is not one (RFC 1035, 2.3.4; and
// '_', which Kubernetes and SRV records use).
std::optional<std::string> normal_name(std::string_view name);

// Whether the name lies below a domain that nobody can register in public DNS: what such a name
// leads to is decided by the operator of the private network.
bool is_private_use(std::string_view name);

}  // namespace ferry::net
