#include "net/policy.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace ferry::net {
namespace {

constexpr int kV4Bits = 32;
constexpr int kV6Bits = 128;

bool is_single(const Grant& grant) {
  return grant.prefix == (grant.network.v6 ? kV6Bits : kV4Bits);
}

// A wide network names the public addresses in it. Those of a special-purpose block are meant only
// where the whole network lies in that block; metadata addresses only one by one.
bool network_grants(const Grant& grant, const Address& address) {
  if (!in_network(address, grant.network, grant.prefix)) return false;
  const Block* block = block_of(address);
  if (block == nullptr || is_single(grant)) return true;
  if (block->kind == AddressKind::kMetadata) return false;
  return grant.prefix >= block->prefix && in_network(grant.network, block->network, block->prefix);
}

bool below(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() + 1 && name.ends_with(suffix) &&
         name[name.size() - suffix.size() - 1] == '.';
}

bool is_localhost(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost");
}

bool names(const Grant& grant, std::string_view name) {
  switch (grant.kind) {
    case Grant::Kind::kName:
    case Grant::Kind::kLocalhost:
      return grant.name == name;
    case Grant::Kind::kSuffix:
      return below(name, grant.name);
    case Grant::Kind::kNetwork:
      break;
  }
  return false;
}

bool for_port(const Grant& grant, std::uint16_t port) { return port == 0 || grant.port == port; }

// Whether a grant of this name covers an address of this kind.
bool leads_to(const Grant& grant, std::string_view name, AddressKind kind) {
  if (kind == AddressKind::kPublic) return true;
  if (grant.kind == Grant::Kind::kLocalhost) return kind == AddressKind::kLoopback;
  if (kind != AddressKind::kPrivate) return false;
  const bool exact = grant.kind == Grant::Kind::kName && !grant.web;
  return exact || is_private_use(name);
}

std::string with_port(std::string_view host, std::uint16_t port) {
  return port == 0 ? fmt::format("{}:PORT", host) : fmt::format("{}:{}", host, port);
}

std::string grant_hint(std::string_view what) {
  return fmt::format(R"([grant] connect = ["{0}"] (--connect {0}) would grant it)", what);
}

}  // namespace

// Every loopback address leads to a server that listens on all of them.
bool Policy::reserved(const Endpoint& endpoint) const {
  return std::ranges::any_of(reserved_, [&](const Endpoint& each) {
    const bool loopback = kind_of(each.address) == AddressKind::kLoopback &&
                          kind_of(endpoint.address) == AddressKind::kLoopback;
    return each.port == endpoint.port && (each.address == endpoint.address || loopback);
  });
}

bool Policy::granted_literally(const Endpoint& endpoint) const {
  return std::ranges::any_of(grants_, [&](const Grant& grant) {
    if (!for_port(grant, endpoint.port)) return false;
    if (grant.kind == Grant::Kind::kNetwork) return network_grants(grant, endpoint.address);
    return grant.kind == Grant::Kind::kLocalhost &&
           (endpoint.address == *parse_address("127.0.0.1") ||
            endpoint.address == *parse_address("::1"));
  });
}

Status Policy::may_resolve(std::string_view name, std::uint16_t port) const {
  const bool granted = std::ranges::any_of(grants_, [&](const Grant& grant) {
    if (!for_port(grant, port)) return false;
    // The name of loopback is known without a look-up, so granting the address is enough.
    return names(grant, name) || (is_localhost(name) && grant.kind == Grant::Kind::kNetwork &&
                                  kind_of(grant.network) == AddressKind::kLoopback);
  });
  if (granted) return Done{};
  const std::string place = with_port(name, port);
  return Error{Code::kDenied, fmt::format("no grant names {}", place), grant_hint(place)};
}

Status Policy::may_use(std::string_view name, const Endpoint& endpoint) const {
  const std::string one[] = {std::string(name)};
  return may_reach(endpoint, one);
}

Status Policy::may_connect(const Endpoint& endpoint, std::span<const std::string> names_of) const {
  // For a look-up, 0 stands for any port; a kernel would connect to it.
  if (endpoint.port == 0) {
    return Error{Code::kDenied, fmt::format("{} is not a destination", to_string(endpoint)), ""};
  }
  return may_reach(endpoint, names_of);
}

Status Policy::may_reach(const Endpoint& endpoint, std::span<const std::string> names_of) const {
  const AddressKind kind = kind_of(endpoint.address);
  if (reserved(endpoint)) {
    return Error{Code::kDenied,
                 fmt::format("{} is the platform's own endpoint, out of reach of functions",
                             to_string(endpoint)),
                 "no grant opens it"};
  }
  // Linux takes it for loopback.
  if (std::ranges::all_of(endpoint.address.bytes, [](auto byte) { return byte == 0; })) {
    return Error{Code::kDenied, fmt::format("{} is not a destination", to_string(endpoint)), ""};
  }
  if (granted_literally(endpoint)) return Done{};
  const std::string* named = nullptr;
  for (const std::string& name : names_of) {
    for (const Grant& grant : grants_) {
      if (!for_port(grant, endpoint.port) || !names(grant, name)) continue;
      if (leads_to(grant, name, kind)) return Done{};
      named = &name;
    }
  }
  const std::string address = to_string(endpoint.address);
  const std::string literal =
      with_port(endpoint.address.v6 ? fmt::format("[{}]", address) : address, endpoint.port);
  if (named != nullptr) {
    const bool by_name = kind == AddressKind::kPrivate;
    return Error{Code::kDenied,
                 fmt::format("{} leads to {}, a {} address", *named, address, kind_name(kind)),
                 by_name ? fmt::format("{}; {} for the address alone",
                                       grant_hint(with_port(*named, endpoint.port)), literal)
                         : grant_hint(literal)};
  }
  if (!names_of.empty()) {
    const std::string place = with_port(names_of.front(), endpoint.port);
    return Error{Code::kDenied, fmt::format("no grant names {}", place), grant_hint(place)};
  }
  return Error{Code::kDenied,
               fmt::format("no grant covers {}, a {} address", literal, kind_name(kind)),
               grant_hint(literal)};
}

std::vector<Endpoint> reserved_endpoints(std::string_view runtime_api) {
  const auto colon = runtime_api.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = runtime_api.substr(0, colon);
  const std::string_view digits = runtime_api.substr(colon + 1);
  std::uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (is_localhost(host)) host = "127.0.0.1";
  const auto address = parse_address(host);
  if (!address) return {};
  return {{*address, port}};
}

}  // namespace ferry::net
