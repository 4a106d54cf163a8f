// A certificate authority for the upstreams of cases: functions under verify trust it, and nothing
// else ever does.
#pragma once

#include <memory>
#include <string>

namespace ferry::verify {

// The same key and certificates each time, so that a function that looks at them sees the same on
// every engine. The key is therefore no secret: whoever trusts this authority must reach nothing
// but upstreams. Any thread.
class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::string& certificate() const;  // PEM

  // A server's certificate and key, for a name or an address, as Mbed TLS wants them. One for each
  // session: Mbed TLS writes to keys that it uses.
  struct Identity;
  std::unique_ptr<Identity> identity_of(const std::string& host);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ferry::verify
