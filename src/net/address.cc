#include "net/address.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

namespace ferry::net {
namespace {

constexpr std::size_t kV4 = 4;
constexpr std::size_t kV6 = 16;
constexpr std::size_t kMappedPrefix = 12;

consteval Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {false, {a, b, c, d}};
}

// The first 16-bit groups of an IPv6 address, and the last one.
consteval Address v6(std::array<std::uint16_t, 7> groups, std::uint16_t last = 0) {
  Address out{true, {}};
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint16_t group = i < 7 ? groups[i] : last;
    out.bytes[2 * i] = static_cast<std::uint8_t>(group >> 8);
    out.bytes[2 * i + 1] = static_cast<std::uint8_t>(group);
  }
  return out;
}

using enum AddressKind;
// Longer prefixes first, so that the first that fits is the most specific.
constexpr Block kBlocks[] = {
    {v4(169, 254, 169, 254), 32, kMetadata},       // AWS, Azure, Google, and most others
    {v4(169, 254, 170, 2), 32, kMetadata},         // AWS: credentials of ECS tasks
    {v4(169, 254, 170, 23), 32, kMetadata},        // AWS: EKS Pod Identity
    {v4(100, 100, 100, 200), 32, kMetadata},       // Alibaba Cloud
    {v4(168, 63, 129, 16), 32, kMetadata},         // Azure's platform address
    {v4(192, 0, 0, 192), 32, kMetadata},           // Oracle Cloud, older
    {v6({0xfd00, 0xec2}, 0x254), 128, kMetadata},  // AWS
    {v6({0xfd00, 0xec2}, 0x23), 128, kMetadata},   // AWS: EKS Pod Identity
    {v6({0xfd20, 0xce}, 0x254), 128, kMetadata},   // Google
    {v6({}, 1), 128, kLoopback},
    {v6({}, 0), 96, kSpecial},                    // unspecified, IPv4-compatible
    {v6({0, 0, 0, 0, 0, 0xffff}), 96, kSpecial},  // IPv4-mapped
    {v6({0x64, 0xff9b}), 96, kSpecial},           // NAT64, RFC 6052
    {v6({0x64, 0xff9b, 1}), 48, kSpecial},        // NAT64, RFC 8215
    {v6({0x100}), 64, kSpecial},                  // discard-only, RFC 6666
    {v6({0x2001, 0xdb8}), 32, kSpecial},          // documentation
    {v6({0x2001, 0}), 23, kSpecial},              // IETF protocols, Teredo among them
    {v6({0x3fff}), 20, kSpecial},                 // documentation, RFC 9637
    {v6({0x2002}), 16, kSpecial},                 // 6to4
    {v6({0x5f00}), 16, kSpecial},                 // segment routing, RFC 9602
    {v6({0xfe80}), 10, kSpecial},                 // link-local
    {v6({0xfec0}), 10, kSpecial},                 // site-local, deprecated
    {v6({0xff00}), 8, kSpecial},                  // multicast
    {v6({0xfc00}), 7, kPrivate},                  // unique local
    {v4(192, 0, 0, 0), 24, kSpecial},             // IETF protocols
    {v4(192, 0, 2, 0), 24, kSpecial},             // documentation
    {v4(192, 88, 99, 0), 24, kSpecial},           // 6to4 relays
    {v4(198, 51, 100, 0), 24, kSpecial},          // documentation
    {v4(203, 0, 113, 0), 24, kSpecial},           // documentation
    {v4(169, 254, 0, 0), 16, kSpecial},           // link-local
    {v4(192, 168, 0, 0), 16, kPrivate},
    {v4(198, 18, 0, 0), 15, kSpecial},  // benchmarks, RFC 2544
    {v4(172, 16, 0, 0), 12, kPrivate},
    {v4(100, 64, 0, 0), 10, kPrivate},  // CGNAT
    {v4(0, 0, 0, 0), 8, kSpecial},      // "this network"
    {v4(10, 0, 0, 0), 8, kPrivate},
    {v4(127, 0, 0, 0), 8, kLoopback},
    {v4(224, 0, 0, 0), 4, kSpecial},  // multicast
    {v4(240, 0, 0, 0), 4, kSpecial},  // reserved, broadcast
};

}  // namespace

std::optional<Address> address_from(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != kV4 && bytes.size() != kV6) {
    return std::nullopt;
  }
  Address out{bytes.size() == kV6, {}};
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  constexpr Address kMapped = v6({0, 0, 0, 0, 0, 0xffff});
  if (in_network(out, kMapped, kMappedPrefix * 8)) {
    return address_from(bytes.subspan(kMappedPrefix));
  }
  return out;
}

std::optional<Address> parse_address(std::string_view text) {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() > INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::memcpy(copy, text.data(), text.size());
  std::array<std::uint8_t, kV6> bytes{};
  if (::inet_pton(AF_INET, copy, bytes.data()) == 1) {
    return address_from(std::span(bytes).first(kV4));
  }
  if (::inet_pton(AF_INET6, copy, bytes.data()) == 1) {
    return address_from(bytes);
  }
  return std::nullopt;
}

std::string to_string(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

std::string to_string(const Endpoint& endpoint) {
  return fmt::format(fmt::runtime(endpoint.address.v6 ? "[{}]:{}" : "{}:{}"),
                     to_string(endpoint.address), endpoint.port);
}

socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out) {
  out = {};
  if (!endpoint.address.v6) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.address.bytes.data(), kV4);
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(endpoint.port);
  std::memcpy(&in.sin6_addr, endpoint.address.bytes.data(), kV6);
  std::memcpy(&out, &in, sizeof in);
  return sizeof in;
}

Endpoint from_sockaddr(const sockaddr_storage& from) {
  Endpoint out;
  if (from.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &from, sizeof in);
    out.address.v6 = true;
    std::memcpy(out.address.bytes.data(), &in.sin6_addr, kV6);
    out.port = ntohs(in.sin6_port);
  } else if (from.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &from, sizeof in);
    std::memcpy(out.address.bytes.data(), &in.sin_addr, kV4);
    out.port = ntohs(in.sin_port);
  }
  return out;
}

const char* kind_name(AddressKind kind) {
  switch (kind) {
    case kPublic:
      return "public";
    case kPrivate:
      return "private";
    case kLoopback:
      return "loopback";
    case kMetadata:
      return "cloud metadata";
    case kSpecial:
      break;
  }
  return "special-purpose";
}

const Block* block_of(const Address& address) {
  const auto* found = std::ranges::find_if(kBlocks, [&](const Block& block) {
    return in_network(address, block.network, block.prefix);
  });
  return found == std::end(kBlocks) ? nullptr : found;
}

AddressKind kind_of(const Address& address) {
  const Block* block = block_of(address);
  return block == nullptr ? kPublic : block->kind;
}

bool in_network(const Address& address, const Address& network, int prefix) {
  if (address.v6 != network.v6) {
    return false;
  }
  const auto whole = static_cast<std::size_t>(prefix / 8);
  const int rest = prefix % 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<long>(whole),
                  network.bytes.begin())) {
    return false;
  }
  return rest == 0 || ((address.bytes[whole] ^ network.bytes[whole]) >> (8 - rest)) == 0;
}

}  // namespace ferry::net
