// One HTTP request of the guest to another service, and its response: HTTP/1.1 on a connection of
// its own, under the grants and limits of preview 1's sockets, over TLS for https. Nothing here
// waits but the look-up of the name in begin_exchange(): pump() moves what can be moved whenever
// the guest asks for something, and wait.h waits. Private to src/wasi2.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>

#include "http/client.h"
#include "net/address.h"
#include "net/tls.h"
#include "wasi2/http_error.h"
#include "wasi2/state.h"

namespace ferry::wasi2 {

struct Exchange final : net::TlsTransport {
  explicit Exchange(S& the_state) : s(the_state) {}
  // The transport of `secure`: the bytes of the connection.
  int send(std::span<const u8> bytes) override;
  int receive(std::span<u8> room) override;

  enum class Stage : u8 { kConnecting, kHandshake, kTalking, kOver };

  S& s;
  Stage stage = Stage::kConnecting;
  std::string host;
  u16 port = 80;
  std::vector<net::Address> addresses;
  std::size_t next_address = 0;
  u32 fd = kNone;  // of preview 1's table, while it is open
  std::unique_ptr<net::TlsClient> secure;
  bool https = false;

  // The request: the head and what was written of the body, framed, and how much of it has gone.
  std::string out;
  std::size_t out_at = 0;
  u32 body = kNone;  // of State::bodies
  bool chunked = false;
  bool request_is_whole = false;

  http::ResponseReader response{UINT64_MAX};
  std::string ready;  // of its body, taken from the reader; up to ready_at it was read
  std::size_t ready_at = 0;
  std::shared_ptr<FieldList> headers;  // see Fields; made when they are asked for
  bool discards = false;               // nobody reads the rest of the body
  std::optional<HttpFailure> failure;
  Errno broken = Errno::kSuccess;  // why the connection failed, where it did

  Monotonic connect_until = Monotonic::max();
  std::chrono::nanoseconds first_byte = std::chrono::nanoseconds::max();
  std::chrono::nanoseconds between_bytes = std::chrono::nanoseconds::max();
  Monotonic waits_since;  // for the next byte of the response
};

// Bytes of the request that may wait to be sent, and of the response to be read.
inline constexpr std::size_t kExchangeBuffer = 65536;

// Begins it. The failure where there is nothing to begin: no grant, no such name.
std::optional<HttpFailure> begin_exchange(S& s, Exchange& exchange);

// Moves what can be moved without waiting.
void pump(Exchange& exchange);

// Frames what the guest wrote to the request's body; `last`: the body is complete with it.
void add_to_request(Exchange& exchange, std::string_view data, bool last);
// At most `most` bytes of the response's body, of those that are there; until the next call.
std::string_view read_response(Exchange& exchange, u64 most);
// Ends it early: the guest let go of what it needs, or broke its promise.
void abandon(Exchange& exchange, std::optional<HttpFailure> failure = {});

inline bool has_response(const Exchange& exchange) {
  return exchange.failure || exchange.response.head_is_whole();
}
// Something to read, the end of the body, or why there is neither.
inline bool can_read(const Exchange& exchange) {
  return exchange.failure || exchange.response.whole() ||
         exchange.ready_at < exchange.ready.size() || !exchange.response.response().body.empty();
}
inline std::size_t unsent(const Exchange& exchange) {
  return exchange.out.size() - exchange.out_at;
}
inline bool can_write(const Exchange& exchange) {
  return exchange.stage == Exchange::Stage::kOver || unsent(exchange) < kExchangeBuffer;
}

// The time that awaited() gave has passed.
void expire(Exchange& exchange);

// What it waits for: a descriptor, or nothing (fd -1), and until when at most.
pollfd awaited(Exchange& exchange, Monotonic& until);

}  // namespace ferry::wasi2
