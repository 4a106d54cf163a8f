// Connections as the calls use them: look-up, connect, transfer, end. All waiting for the network
// is here, bounded by the event's deadline. Private to src/wasi.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

#include "wasi/functions.h"

namespace ferry::wasi {

enum class Waited : std::uint8_t { kReady, kTimeout, kDeadline };
// Until one of them is ready (revents are set), or then. kDeadline: the event's came first; s.stop
// is set, and the call answers Answer::end(). `until` is on the context's clock.
Waited wait_for(S& s, std::span<pollfd> polled, Monotonic until);

// The event's sockets, made at the first use; null where no network is granted: then `what` was
// refused and noted. Sets drawn.network either way.
Sockets* reach_out(S& s, std::string_view what);

Socket& socket_of(S& s, const Entry& entry);

// A new descriptor for a socket that is not connected yet.
Errno open_socket(S& s, bool stream, bool v6, std::uint16_t flags, u32& fd);

// The addresses that `host`, a name or an address, may be connected to on `port` (0: any), never
// none. ACCES when that is not granted, NOENT when there is none, TIMEDOUT when nobody answered.
Answer look_up(S& s, std::string_view host, std::uint16_t port, std::vector<net::Address>& out);

// Success: connected. INPROGRESS: a non-blocking one is under way. Checks the grants itself.
Answer connect_socket(S& s, Entry& entry, const net::Endpoint& to);

// Brings `state` up to date without waiting.
void refresh(S& s, Entry& entry, Socket& socket);
inline bool connecting(const Socket& socket) { return socket.state == Socket::State::kConnecting; }
// The time for a connection that is under way has passed.
void give_up(Socket& socket);

// To and from s.slices; `done` is what was moved. Waits where the descriptor blocks.
Answer receive(S& s, Entry& entry, u32 flags, u32& done);
Answer send(S& s, Entry& entry, u32& done);

// Completes the socket's record and closes the descriptor.
void end_socket(S& s, u32 fd);

// The guest's list of slices, checked, in s.slices; `total` is their sum (fd_io.cc).
Errno gather(S& s, Guest g, u32 iovs, u32 count, std::uint64_t& total);

// dns.cc: the answer to a DNS query that a guest sent as a datagram (RFC 1035); empty for what is
// no query.
Answer answer_query(S& s, std::string_view query, std::string& out);

// dial.cc: path_open below the folders that exist for the network.
Answer open_network_path(S& s, Guest g, const Entry& folder, u32 oflags, u64 base, u32 fdflags,
                         u32 result_at);

}  // namespace ferry::wasi
