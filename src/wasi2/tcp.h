// TCP sockets of wasi:sockets: preview 1's sockets, under its grants and limits. Nothing here
// waits. Private to src/wasi2.
#pragma once

#include <string>

#include <poll.h>

#include "wasi2/state.h"

namespace ferry::wasi2 {

struct Tcp {
  enum class Stage : u8 { kNew, kConnecting, kConnected, kClosed };
  Stage stage = Stage::kNew;
  bool v6 = false;
  bool shut = false;              // for sending, once what was written has gone
  u32 fd = 0;                     // of preview 1's table
  Errno error = Errno::kSuccess;  // why it could not be connected or broke
  bool reported = false;          // finish-connect has answered
  std::string out;                // written, and not sent yet
  std::size_t out_at = 0;
};

// Bytes that may wait to be sent.
inline constexpr std::size_t kTcpBuffer = 65536;

// Moves what can be moved without waiting.
void pump(S& s, Tcp& tcp);
inline std::size_t unsent(const Tcp& tcp) { return tcp.out.size() - tcp.out_at; }
// Whether what the pollable awaits has come. After pump().
bool is_ready(S& s, const Tcp& tcp, Pollable::Awaits what);
// What it waits for, and until when at most.
pollfd awaited(S& s, const Tcp& tcp, Pollable::Awaits what, Monotonic& until);
// The time that awaited() gave has passed.
void expire(S& s, Tcp& tcp);

// At most `most` bytes that have come; kAgain where none have, and none with kSuccess at the end.
Errno receive(S& s, Tcp& tcp, u64 most, std::string_view& out);
// Sends it, or keeps what cannot be sent yet.
Errno send(S& s, Tcp& tcp, std::string_view data);

// wasi:sockets/network error-code, by its number in the enum.
u8 socket_error_of(Errno error);
// How it is named in the text of an io-error: "connection-reset".
const char* socket_error_name(u8 code);

}  // namespace ferry::wasi2
