// Grant patterns come from manifests of strangers: whatever is accepted must read back the same.
#include <cstdlib>

#include "net/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto grant = parse_grant(text); grant.ok()) {
    const std::string written = to_string(*grant);
    auto again = parse_grant(written);
    if (!again.ok() || to_string(*again) != written) std::abort();
    const Policy policy({*grant});
    const Endpoint metadata{*parse_address("169.254.169.254"), grant->port};
    if (policy.may_connect(metadata, {}).ok() && grant->prefix != 32) std::abort();
  }
  static_cast<void>(parse_http_grant(text).ok());
  static_cast<void>(reserved_endpoints(text).size());
  return 0;
}
