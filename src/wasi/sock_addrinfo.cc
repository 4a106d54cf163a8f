// sock_getaddrinfo: fills a list that the guest has laid out: nodes, addresses and names are its
// own buffers, linked beforehand.
#include <algorithm>
#include <charconv>

#include "wasi/socket_io.h"

namespace ferry::wasi {
namespace {

struct GuestAddrinfo {
  std::uint16_t flags = 0;
  std::uint8_t family = 0;
  std::uint8_t socktype = 0;
  std::uint8_t protocol = 0;
  std::uint8_t pad[3] = {};
  u32 address_size = 0;
  u32 address = 0;  // of a GuestSockaddr
  u32 canonname = 0;
  u32 canonname_size = 0;
  u32 next = 0;
};
static_assert(sizeof(GuestAddrinfo) == 28);

struct GuestSockaddr {
  std::uint8_t family = 0;
  std::uint8_t pad[3] = {};
  u32 size = 0;  // of data
  u32 data = 0;  // port, big-endian, then the address
};
static_assert(sizeof(GuestSockaddr) == 12);

constexpr std::uint8_t kV4 = 1;
constexpr std::uint8_t kV6 = 2;
constexpr u32 kPortBytes = 2;

// Toolchains hand over C strings with their end.
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  return text;
}

std::optional<std::uint16_t> port_of(std::string_view service) {
  std::uint16_t port = 0;
  if (service.empty()) return port;
  if (service == "https") return 443;
  if (service == "http") return 80;
  const auto [end, error] = std::from_chars(service.data(), service.data() + service.size(), port);
  if (error != std::errc() || end != service.data() + service.size()) return std::nullopt;
  return port;
}

// Into the node at `at`; false where its own address buffer is too small for this address.
Errno fill(G g, u32 at, const GuestAddrinfo& hints, const net::Endpoint& endpoint, u32& next,
           bool& filled) {
  constexpr u32 kSockaddrSize = 16;
  GuestAddrinfo node;
  GuestSockaddr address;
  if (!g.get(at, node) || !g.get(node.address, address)) return Errno::kFault;
  const u32 size = kPortBytes + (endpoint.address.v6 ? 16 : 4);
  filled = address.size >= size;
  if (!filled) return Errno::kSuccess;
  const std::uint8_t port[kPortBytes] = {static_cast<std::uint8_t>(endpoint.port >> 8),
                                         static_cast<std::uint8_t>(endpoint.port)};
  if (!g.has(address.data, size)) return Errno::kFault;
  g.put_bytes(address.data, port, kPortBytes);
  g.put_bytes(address.data + kPortBytes, endpoint.address.bytes.data(), size - kPortBytes);
  address.family = node.family = endpoint.address.v6 ? kV6 : kV4;
  node.socktype = hints.socktype != 0 ? hints.socktype : 2;
  node.protocol = hints.protocol;
  node.address_size = kSockaddrSize;
  next = node.next;
  g.put(node.address, address);
  g.put(at, node);
  return Errno::kSuccess;
}

}  // namespace

Answer sock_getaddrinfo(S& s, G g, u32 node, u32 node_size, u32 service, u32 service_size,
                        u32 hints_at, u32 list_at, u32 most, u32 count_at) {
  std::string_view host;
  std::string_view service_name;
  GuestAddrinfo hints;
  u32 at = 0;
  if (!g.view(node, node_size, host) || !g.view(service, service_size, service_name) ||
      !g.get(hints_at, hints) || !g.get(list_at, at) || !g.has(count_at, 4)) {
    return Errno::kFault;
  }
  if (reach_out(s, "sock_getaddrinfo") == nullptr) return Errno::kAcces;
  const auto port = port_of(trimmed(service_name));
  if (!port) return Errno::kInval;
  std::vector<net::Address> found;
  Answer looked = look_up(s, trimmed(host), *port, found);
  if (looked.stop || looked.error != Errno::kSuccess) return looked;
  // Rust's library asks for IPv4 alone in its hints and means any; only an explicit 2 narrows.
  if (hints.family == kV6) std::erase_if(found, [](const net::Address& each) { return !each.v6; });
  std::ranges::stable_partition(found, [](const net::Address& each) { return !each.v6; });
  u32 filled = 0;
  for (const net::Address& address : found) {
    if (filled == most || at == 0) break;
    bool fits = false;
    u32 next = 0;
    if (Errno e = fill(g, at, hints, {address, *port}, next, fits); e != Errno::kSuccess) return e;
    if (!fits) continue;
    at = next;
    ++filled;
  }
  g.put(count_at, filled);
  return filled == 0 && most > 0 ? Errno::kNoent : Errno::kSuccess;
}

}  // namespace ferry::wasi
