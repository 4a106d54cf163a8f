// The sockets of one event, and what it learnt about names. Made when a guest first reaches for the
// network, so that events that do not cost nothing. Private to src/wasi.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "wasi/abi.h"
#include "wasi/network.h"

namespace ferry::wasi {

// Behind an Entry of kind kSocket: Entry::socket is its place in Sockets::all, Entry::host the
// host's descriptor once there is one.
struct Socket {
  enum class State : std::uint8_t { kNew, kConnecting, kConnected, kFailed, kClosed };
  State state = State::kNew;
  bool stream = true;
  bool v6 = false;
  bool keeps_alive = false;
  bool made = false;              // the connection came to stand; else `record` says why not
  Errno error = Errno::kSuccess;  // what SO_ERROR answers next
  net::Endpoint peer;
  Monotonic began;
  Monotonic connect_until;
  std::chrono::microseconds receive_timeout{};  // 0: none
  std::chrono::microseconds send_timeout{};
  ConnectionRecord record;
  std::deque<std::string> datagrams;  // answers of the resolver, to be received
};

struct Sockets {
  std::deque<Socket> all;  // deque: references stay
  std::uint32_t open = 0;  // streams that have a descriptor of the host
  std::uint32_t attempts = 0;
  std::uint64_t bytes = 0;
  // What look-ups led to, by name: only these addresses may be connected to under a name's grant.
  std::map<std::string, std::vector<net::Address>, std::less<>> learnt;
  std::vector<ConnectionRecord> records;  // of connections that have ended
};

}  // namespace ferry::wasi
