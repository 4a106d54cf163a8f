#include "workbench/access.h"

#include <array>

#include "base/bytes.h"

namespace ferry::workbench {
namespace {

// Takes as long whatever differs.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differs = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differs = static_cast<unsigned char>(differs | (a[i] ^ b[i]));
  }
  return differs == 0;
}

std::string_view host_of(std::string_view address) { return address.substr(0, address.rfind(':')); }

}  // namespace

bool is_loopback(std::string_view address) {
  const std::string_view host = host_of(address);
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

Access::Access(std::string address, Random& random)
    : address_(std::move(address)), port_(address_.substr(address_.rfind(':'))) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  token_ = to_hex(bytes);
}

std::string Access::url() const { return "http://" + address_ + "/" + token_ + "/"; }

// A page whose name was made to resolve to this machine (DNS rebinding) sends its own name.
bool Access::is_own_host(std::string_view host) const {
  return host == address_ || host == "localhost" + port_ || host == "127.0.0.1" + port_;
}

Access::Verdict Access::check(const http::Request& request) const {
  if (!is_own_host(request.field("host"))) {
    return {403, "this address is served to the machine itself alone", {}};
  }
  // What a browser says of a request that another site's page makes (Fetch Metadata).
  const std::string_view site = request.field("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") {
    return {403, "asked by another site's page", {}};
  }
  const std::string_view origin = request.field("origin");
  constexpr std::string_view kScheme = "http://";
  if (!origin.empty() &&
      !(origin.starts_with(kScheme) && is_own_host(origin.substr(kScheme.size())))) {
    return {403, "asked by another site's page", {}};
  }
  std::string_view path = request.path();
  path.remove_prefix(path.empty() ? 0 : 1);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || !same_secret(path.substr(0, slash), token_)) {
    return {404, "no such page; its address was printed by ferry dev", {}};
  }
  const std::string_view rest = path.substr(slash + 1);
  if (request.method == "POST") {
    // A form of another site can't send this type without being asked about first (CORS).
    if (!request.field("content-type").starts_with("application/json")) {
      return {415, "send JSON", {}};
    }
  } else if (request.method != "GET" && request.method != "HEAD") {
    return {405, "GET, HEAD and POST alone", {}};
  }
  return {200, {}, rest};
}

}  // namespace ferry::workbench
