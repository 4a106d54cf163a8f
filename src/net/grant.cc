#include "net/grant.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace ferry::net {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kHttp = 80;

Error invalid(std::string_view text, std::string_view what, std::string hint) {
  return {Code::kInvalid, fmt::format("'{}': {}", text, what), std::move(hint)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return std::nullopt;
  }
  return port;
}

// Drops "scheme://" and everything from the first '/' that no prefix length explains.
std::string without_url(std::string_view text) {
  if (auto scheme = text.find("://"); scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
  }
  if (auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  return std::string(text.substr(0, text.find('/')));
}

struct Halves {
  std::string_view host;
  std::optional<std::string_view> port;
};

// The colon before the port is the last one, behind the bracket of an IPv6 address.
Result<Halves> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) {
      return invalid(text, "the bracket is not closed", "for example [fd00::1]:5432");
    }
    Halves out{text.substr(1, close - 1), std::nullopt};
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return out;
    if (rest.front() != ':') {
      return invalid(text, "a ':' and the port must follow the bracket",
                     "for example [fd00::1]:5432");
    }
    out.port = rest.substr(1);
    return out;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return Halves{text, std::nullopt};
  if (text.find(':') != colon) {
    return invalid(text, "an IPv6 address needs brackets",
                   fmt::format("did you mean '[{}]:PORT'?", text));
  }
  return Halves{text.substr(0, colon), text.substr(colon + 1)};
}

Result<Grant> parse_network(std::string_view whole, std::string_view host, std::string_view port) {
  const auto slash = host.find('/');
  const auto address = parse_address(host.substr(0, slash));
  if (!address) {
    return invalid(whole, fmt::format("'{}' is not an IP address", host.substr(0, slash)),
                   "a prefix length goes with an address, for example 10.2.0.0/16:5432");
  }
  Grant out{.kind = Grant::Kind::kNetwork, .network = *address};
  const int bits = address->v6 ? 128 : 32;
  out.prefix = bits;
  if (slash == std::string_view::npos) return out;
  const std::string_view length = host.substr(slash + 1);
  const auto [end, error] =
      std::from_chars(length.data(), length.data() + length.size(), out.prefix);
  if (error != std::errc() || end != length.data() + length.size() || out.prefix < 0 ||
      out.prefix > bits) {
    return invalid(whole, fmt::format("'{}' is not a prefix length from 0 to {}", length, bits),
                   fmt::format("for example {}/{}:{}", to_string(*address), bits / 2, port));
  }
  Address first = *address;
  for (int bit = out.prefix; bit < bits; ++bit) {
    first.bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  }
  if (first != *address) {
    return invalid(
        whole, fmt::format("bits are set behind the prefix length {}", out.prefix),
        fmt::format("did you mean '{}'?",
                    address->v6 ? fmt::format("[{}/{}]:{}", to_string(first), out.prefix, port)
                                : fmt::format("{}/{}:{}", to_string(first), out.prefix, port)));
  }
  return out;
}

// Also "10.2": digits and dots alone are not a name, though old resolvers take them as an address.
bool looks_numeric(std::string_view host) {
  const auto last = host.substr(host.rfind('.') + 1);
  return !last.empty() && std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

Result<Grant> parse_host(std::string_view whole, std::string_view host, std::string_view port) {
  if (host.find('/') != std::string_view::npos || host.find(':') != std::string_view::npos ||
      parse_address(host)) {
    return parse_network(whole, host, port);
  }
  Grant out;
  std::string_view name = host;
  if (host.starts_with("*.")) {
    out.kind = Grant::Kind::kSuffix;
    name.remove_prefix(2);
  } else if (const auto star = host.find('*'); star != std::string_view::npos) {
    const auto dot = host.find('.', star);
    return invalid(whole, "'*' stands for whole labels, and only at the front",
                   dot == std::string_view::npos
                       ? "name the hosts, for example *.example.com:443"
                       : fmt::format("did you mean '*{}:{}'?", host.substr(dot), port));
  }
  auto normal = normal_name(name);
  if (!normal || looks_numeric(*normal)) {
    return invalid(whole, fmt::format("'{}' is not a host name or an IP address", host),
                   "HOST:PORT, *.DOMAIN:PORT or ADDRESS/BITS:PORT, for example db.internal:5432");
  }
  out.name = std::move(*normal);
  if (out.kind == Grant::Kind::kName &&
      (out.name == "localhost" || out.name.ends_with(".localhost"))) {
    out.kind = Grant::Kind::kLocalhost;
  }
  return out;
}

}  // namespace

Result<Grant> parse_grant(std::string_view text) {
  if (text.find("://") != std::string_view::npos || text.find('@') != std::string_view::npos) {
    return invalid(text, "a grant is a host and a port, not a URL",
                   fmt::format("did you mean '{}'?", without_url(text)));
  }
  FERRY_TRY(Halves halves, split(text));
  if (!halves.port) {
    return invalid(
        text, "the port is missing",
        fmt::format("did you mean '{}:443'? for 443 and 80 use http = [\"{}\"]", text, text));
  }
  const auto port = parse_port(*halves.port);
  if (!port) {
    return invalid(text, fmt::format("'{}' is not a port from 1 to 65535", *halves.port),
                   fmt::format("did you mean '{}:443'?", halves.host));
  }
  FERRY_TRY(Grant out, parse_host(text, halves.host, *halves.port));
  out.port = *port;
  return out;
}

Result<std::vector<Grant>> parse_http_grant(std::string_view text) {
  std::vector<Grant> out;
  if (text.find("://") != std::string_view::npos || text.find('@') != std::string_view::npos) {
    return invalid(text, "this is a URL; a grant names the host",
                   fmt::format("did you mean '{}'?", without_url(text)));
  }
  FERRY_TRY(Halves halves, split(text));
  if (halves.port) {
    FERRY_TRY(Grant grant, parse_grant(text));
    out.push_back(std::move(grant));
  } else {
    FERRY_TRY(Grant grant, parse_host(text, halves.host, "443"));
    for (const std::uint16_t port : {kHttps, kHttp}) {
      grant.port = port;
      out.push_back(grant);
    }
  }
  for (Grant& grant : out) grant.web = true;
  return out;
}

std::string to_string(const Grant& grant) {
  switch (grant.kind) {
    case Grant::Kind::kName:
    case Grant::Kind::kLocalhost:
      return fmt::format("{}:{}", grant.name, grant.port);
    case Grant::Kind::kSuffix:
      return fmt::format("*.{}:{}", grant.name, grant.port);
    case Grant::Kind::kNetwork:
      break;
  }
  std::string host = to_string(grant.network);
  if (grant.prefix != (grant.network.v6 ? 128 : 32)) host += fmt::format("/{}", grant.prefix);
  return grant.network.v6 ? fmt::format("[{}]:{}", host, grant.port)
                          : fmt::format("{}:{}", host, grant.port);
}

std::optional<std::string> normal_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kMaxName) return std::nullopt;
  std::string out;
  out.reserve(name.size());
  std::size_t label = 0;
  for (char c : name) {
    if (c == '.') {
      if (label == 0 || out.back() == '-') return std::nullopt;
      label = 0;
    } else {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      if (!plain && (c != '-' || label == 0)) return std::nullopt;
      if (++label > kMaxLabel) return std::nullopt;
    }
    out += c;
  }
  if (label == 0 || out.back() == '-') return std::nullopt;
  return out;
}

bool is_private_use(std::string_view name) {
  // ICANN's reservation of .internal (2024), RFC 6761, RFC 6762, RFC 8375, and the zone that
  // Kubernetes names its services in. One label alone is found by the host's search list.
  constexpr std::string_view kDomains[] = {"internal", "local", "home.arpa", "test", "svc"};
  if (name.find('.') == std::string_view::npos) return true;
  return std::ranges::any_of(kDomains, [&](std::string_view domain) {
    return name.ends_with(domain) &&
           (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
  });
}

}  // namespace ferry::net
