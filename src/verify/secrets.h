// The values of [grant] env_from in what goes over connections: taken out of what is recorded and
// reported, and put back into what is compared with a function's bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/network_access.h"

namespace ferry::verify {

// Immutable; any thread.
class Secrets {
 public:
  Secrets() = default;
  // Variables as "NAME=value".
  explicit Secrets(const std::vector<std::string>& environment);

  // Each value, password in it, and both as base64 and percent-encoded, by what names it:
  // "${DATABASE_URL:password}", "${TOKEN:base64+1}".
  std::string mask(std::string_view text) const;
  // The reverse. What names no variable that is set stays.
  std::string reveal(std::string_view text) const;

 private:
  std::vector<host::Secret> all_;  // longest text first
};

}  // namespace ferry::verify
