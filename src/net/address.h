// IP addresses, and what kind of place each leads to. The kinds decide what a grant may reach
// (policy.h, docs/network-policy.md).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace ferry::net {

// An IPv4 address has its four bytes first and zeros behind them.
struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Address&, const Address&) = default;
};

struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// Of 4 or 16 bytes in network order. An IPv4-mapped address (::ffff:1.2.3.4) becomes the IPv4
// address that a connection to it would reach.
std::optional<Address> address_from(std::span<const std::uint8_t> bytes);
// "192.0.2.1", "2001:db8::1", without brackets and zone.
std::optional<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);
std::string to_string(const Endpoint& endpoint);  // "192.0.2.1:80", "[2001:db8::1]:80"

// For connect(2). Returns the size used.
socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out);
Endpoint from_sockaddr(const sockaddr_storage& in);

enum class AddressKind : unsigned char {
  kPublic,
  kPrivate,   // RFC 1918, RFC 6598 (CGNAT), RFC 4193 (unique local)
  kLoopback,  // 127.0.0.0/8, ::1
  kMetadata,  // where clouds answer with credentials
  kSpecial,   // "this network", link-local, multicast, documentation, NAT64, 6to4, Teredo …
};
const char* kind_name(AddressKind kind);  // "private"

// A block of the registries of special-purpose addresses (RFC 6890; IANA's tables of 2025).
struct Block {
  Address network;
  int prefix = 0;  // bits
  AddressKind kind = AddressKind::kPublic;
};
// The most specific block that holds it, or null: public.
const Block* block_of(const Address& address);
AddressKind kind_of(const Address& address);

// Whether the first `prefix` bits agree. False for addresses of different families.
bool in_network(const Address& address, const Address& network, int prefix);

}  // namespace ferry::net
