// wasi:sockets, as far as it can be called without a socket: none is given out, and each way to one
// answers access-denied.
#include <fmt/format.h>

#include "wasi2/calls.h"

namespace ferry::wasi2 {
namespace {

constexpr u8 kAccessDenied = 1;  // wasi:sockets/network error-code

// result<own, error-code>, of 8 bytes.
void refuse(S& s, G g, u32 ret, std::string what) {
  if (!begin(s, g, ret, 8, 4)) return;
  deny(s, std::move(what), "a component has no sockets here; see docs/wasi.md");
  s.results.put(0, u8{1});
  s.results.put(4, kAccessDenied);
}

}  // namespace

u32 instance_network(S& s, G /*g*/) { return make(s, Network{}); }

void create_tcp_socket(S& s, G g, u32 family, u32 ret) {
  if (check_case(s, family, 2)) refuse(s, g, ret, "a TCP socket");
}

void create_udp_socket(S& s, G g, u32 family, u32 ret) {
  if (check_case(s, family, 2)) refuse(s, g, ret, "a UDP socket");
}

void resolve_addresses(S& s, G g, u32 network, u32 name, u32 length, u32 ret) {
  if (need<Network>(s, network) == nullptr || !get_text(s, g, name, length, s.text)) return;
  constexpr std::size_t kMostShown = 120;
  std::string shown = s.text.substr(0, kMostShown);
  refuse(s, g, ret, fmt::format("looking up the host '{}'", shown));
}

// option<error-code>, of 2 bytes: no stream here fails for want of a network.
void network_error_code(S& s, G g, u32 error, u32 ret) {
  if (need<IoError>(s, error) != nullptr) begin(s, g, ret, 2, 1);
}

}  // namespace ferry::wasi2
