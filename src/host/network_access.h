// What of the network a function gets, made once from its manifest; and what of its environment is
// a secret that logs must not show.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "function/manifest.h"
#include "host/outcome.h"
#include "net/network.h"
#include "wasi/network.h"

namespace ferry::host {

// The certificates that this machine trusts, as PEM; empty where it has none.
std::string machine_certificates();

// Null where the manifest grants no connection. `network` is borrowed. The certificates are the
// machine's own, where it has some, and those of [grant] ca.
Result<std::unique_ptr<wasi::NetworkAccess>> make_network_access(const function::Manifest& manifest,
                                                                 net::Network& network);

// The variables of [grant] env_from that are set here, as "NAME=value".
std::vector<std::string> taken_environment(const function::Grants& grants);

// A text that must not be shown, and what is shown in its place: "${DATABASE_URL}", or
// "${DATABASE_URL:password}" for the password in it.
struct Secret {
  std::string text;
  std::string shown;
};
// Of variables as "NAME=value"; longest first.
std::vector<Secret> secrets_in(const std::vector<std::string>& environment);

// Takes the secrets of such variables out of log lines and messages of an outcome.
class Mask {
 public:
  Mask() = default;
  explicit Mask(const std::vector<std::string>& environment);
  bool empty() const { return secrets_.empty(); }
  void apply(Outcome& outcome) const;

 private:
  void apply(std::string& text) const;
  std::vector<Secret> secrets_;
};

// "ferry: connection to db.internal (10.2.0.7:5432): …", one a connection, as logs show them.
inline constexpr char kConnectionLine[] = "ferry: connection to ";
std::vector<LogLine> connection_lines(const Outcome& outcome);

}  // namespace ferry::host
