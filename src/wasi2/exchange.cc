#include "wasi2/exchange.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "wasi/socket_io.h"
#include "wasi2/http_rules.h"

namespace ferry::wasi2 {
namespace {

using Stage = Exchange::Stage;
using wasi::Socket;

wasi::Entry& entry_of(Exchange& exchange) { return *exchange.s.p1.fds.find(exchange.fd); }

void hang_up(Exchange& exchange) {
  exchange.secure.reset();
  if (exchange.fd != kNone) wasi::end_socket(exchange.s.p1, exchange.fd);
  exchange.fd = kNone;
  exchange.stage = Stage::kOver;
}

void fail(Exchange& exchange, HttpFailure failure) {
  if (!exchange.failure) exchange.failure = std::move(failure);
  hang_up(exchange);
}

// Why a connection could not be made or broke.
HttpFailure failure_of(Errno error) {
  switch (error) {
    case Errno::kAcces:
      return {HttpError::kRequestDenied};
    case Errno::kConnrefused:
      return {HttpError::kConnectionRefused};
    case Errno::kTimedout:
      return {HttpError::kConnectionTimeout};
    case Errno::kHostunreach:
    case Errno::kNetunreach:
      return {HttpError::kDestinationUnroutable};
    case Errno::kMfile:
      return {HttpError::kConnectionLimitReached};
    case Errno::kConnreset:
    case Errno::kPipe:
    case Errno::kNotconn:
      return {HttpError::kConnectionTerminated};
    case Errno::kDquot:
      return {HttpError::kInternalError, {}, "the event's network_bytes are used up"};
    default:
      return {HttpError::kInternalError, {}, fmt::format("errno {}", static_cast<int>(error))};
  }
}

HttpFailure failure_of(Exchange& exchange, net::TlsState state) {
  std::string text = exchange.secure->error();
  switch (state) {
    case net::TlsState::kBadCertificate:
      return {HttpError::kTlsCertificateError, {}, std::move(text)};
    case net::TlsState::kAlert:
      return {HttpError::kTlsAlertReceived, {}, std::move(text)};
    case net::TlsState::kProtocol:
      return {HttpError::kTlsProtocolError, {}, std::move(text)};
    default:
      return exchange.broken == Errno::kDquot
                 ? failure_of(exchange.broken)
                 : HttpFailure{HttpError::kConnectionTerminated, {}, std::move(text)};
  }
}

// The next address that can be tried; each is tried once. Where none is left, why the first failed.
void connect_next(Exchange& exchange) {
  auto& p1 = exchange.s.p1;
  while (exchange.next_address < exchange.addresses.size()) {
    const net::Address& address = exchange.addresses[exchange.next_address++];
    u32 fd = 0;
    Errno error = wasi::open_socket(p1, true, address.v6, wasi::kFdNonblock, fd);
    if (error == Errno::kSuccess) {
      exchange.fd = fd;
      error = wasi::connect_socket(p1, entry_of(exchange), {address, exchange.port}).error;
      if (error == Errno::kInprogress || error == Errno::kSuccess) return;
      wasi::end_socket(p1, fd);
      exchange.fd = kNone;
    }
    if (exchange.broken == Errno::kSuccess) exchange.broken = error;
  }
  fail(exchange, failure_of(exchange.broken));
}

void talk_next(Exchange& exchange) {
  exchange.stage = Stage::kTalking;
  exchange.waits_since = exchange.s.p1.clock->monotonic();
}

void pump_connecting(Exchange& exchange) {
  auto& p1 = exchange.s.p1;
  Socket& socket = wasi::socket_of(p1, entry_of(exchange));
  wasi::refresh(p1, entry_of(exchange), socket);
  if (wasi::connecting(socket)) {
    if (p1.clock->monotonic() < exchange.connect_until) return;
    wasi::give_up(socket);
  }
  if (socket.state == Socket::State::kFailed) {
    if (exchange.broken == Errno::kSuccess) exchange.broken = socket.error;
    wasi::end_socket(p1, exchange.fd);
    exchange.fd = kNone;
    return connect_next(exchange);
  }
  exchange.broken = Errno::kSuccess;
  if (!exchange.https) return talk_next(exchange);
  // Kept from event to event, so that the certificates are parsed once.
  auto& trusted = exchange.s.trusted;
  trusted = net::TrustStore::of(p1.setup.network->ca_bundle);
  auto secure = net::TlsClient::make(*trusted, exchange.host, exchange);
  if (!secure.ok()) {
    return fail(exchange, {HttpError::kInternalError, {}, std::move(secure.error().message)});
  }
  exchange.secure = std::move(*secure);
  exchange.stage = Stage::kHandshake;
}

void pump_handshake(Exchange& exchange) {
  const net::TlsState state = exchange.secure->handshake();
  if (state == net::TlsState::kDone) return talk_next(exchange);
  if (state != net::TlsState::kAgain) return fail(exchange, failure_of(exchange, state));
  if (exchange.s.p1.clock->monotonic() >= exchange.connect_until) expire(exchange);
}

// Plain or encrypted: bytes moved, or kAgain, or kFailed with the failure set unless it is the
// request that could not be sent: a service may answer without reading all of it.
int send_bytes(Exchange& exchange, std::string_view bytes) {
  const std::span<const u8> view(reinterpret_cast<const u8*>(bytes.data()), bytes.size());
  if (!exchange.secure) return exchange.send(view);
  std::size_t done = 0;
  const net::TlsState state = exchange.secure->write(view, done);
  if (state == net::TlsState::kDone) return static_cast<int>(done);
  return state == net::TlsState::kAgain ? net::TlsTransport::kAgain : net::TlsTransport::kFailed;
}

int receive_bytes(Exchange& exchange, std::span<u8> room) {
  if (!exchange.secure) {
    const int received = exchange.receive(room);
    if (received == net::TlsTransport::kFailed) fail(exchange, failure_of(exchange.broken));
    return received;
  }
  std::size_t done = 0;
  const net::TlsState state = exchange.secure->read(room, done);
  if (state == net::TlsState::kDone) return static_cast<int>(done);
  if (state == net::TlsState::kAgain) return net::TlsTransport::kAgain;
  if (state == net::TlsState::kClosed) return 0;
  fail(exchange, failure_of(exchange, state));
  return net::TlsTransport::kFailed;
}

void pump_out(Exchange& exchange) {
  while (unsent(exchange) > 0) {
    const std::string_view rest = std::string_view(exchange.out).substr(exchange.out_at);
    const int sent = send_bytes(exchange, rest.substr(0, kExchangeBuffer));
    if (sent == net::TlsTransport::kAgain) break;
    if (sent == net::TlsTransport::kFailed) {
      if (exchange.broken == Errno::kDquot) return fail(exchange, failure_of(exchange.broken));
      // The response says why, or its absence is the failure.
      exchange.out_at = exchange.out.size();
      exchange.request_is_whole = true;
      break;
    }
    exchange.out_at += static_cast<std::size_t>(sent);
  }
  if (unsent(exchange) == 0) {
    exchange.out.clear();
    exchange.out_at = 0;
  }
}

void end_of_stream(Exchange& exchange) {
  if (Status ended = exchange.response.end(); !ended.ok()) {
    return fail(exchange, {exchange.response.begun() ? HttpError::kResponseIncomplete
                                                     : HttpError::kConnectionTerminated,
                           {},
                           std::move(ended.error().message)});
  }
  hang_up(exchange);
}

void pump_in(Exchange& exchange) {
  std::vector<u8>& room = exchange.s.received;
  room.resize(kExchangeBuffer);
  while (exchange.stage == Stage::kTalking) {
    if (exchange.discards) exchange.response.take_body();
    if (exchange.response.response().body.size() >= kExchangeBuffer) return;
    const int received = receive_bytes(exchange, room);
    if (received < 0) break;
    if (received == 0) return end_of_stream(exchange);
    exchange.waits_since = exchange.s.p1.clock->monotonic();
    const auto whole = exchange.response.feed(
        {reinterpret_cast<const char*>(room.data()), static_cast<std::size_t>(received)});
    if (!whole.ok()) {
      return fail(exchange, {HttpError::kProtocolError, {}, whole.error().message});
    }
    if (*whole) {
      if (exchange.secure) exchange.secure->close();
      return hang_up(exchange);
    }
  }
  if (exchange.stage != Stage::kTalking) return;
  const auto waited = exchange.s.p1.clock->monotonic() - exchange.waits_since;
  const auto most =
      exchange.response.head_is_whole() ? exchange.between_bytes : exchange.first_byte;
  if (waited >= most) expire(exchange);
}

// "example.com:8080" or "[::1]:8080"; false where it is neither, or names a user.
bool split_authority(std::string_view authority, std::string& host, u16& port) {
  if (authority.find('@') != std::string_view::npos) return false;
  std::string_view digits;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return false;
    host = authority.substr(1, end - 1);
    digits = authority.substr(end + 1);
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    digits = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  if (host.empty()) return false;
  if (digits.empty()) return true;
  if (!digits.starts_with(':')) return false;
  digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port != 0;
}

}  // namespace

int Exchange::send(std::span<const u8> bytes) {
  // The call only reads what it is given.
  s.p1.slices.assign(1, {const_cast<u8*>(bytes.data()), bytes.size()});  // NOLINT
  u32 done = 0;
  const Errno error = wasi::send(s.p1, entry_of(*this), done).error;
  if (error == Errno::kAgain) return kAgain;
  if (error == Errno::kSuccess) return static_cast<int>(done);
  broken = error;
  return kFailed;
}

int Exchange::receive(std::span<u8> room) {
  s.p1.slices.assign(1, {room.data(), room.size()});
  u32 done = 0;
  const Errno error = wasi::receive(s.p1, entry_of(*this), 0, done).error;
  if (error == Errno::kAgain) return kAgain;
  if (error == Errno::kSuccess) return static_cast<int>(done);
  broken = error;
  return kFailed;
}

std::optional<HttpFailure> begin_exchange(S& s, Exchange& exchange) {
  const std::string authority = exchange.host;
  exchange.port = exchange.https ? 443 : 80;
  if (!split_authority(authority, exchange.host, exchange.port)) {
    return HttpFailure{HttpError::kRequestUriInvalid};
  }
  constexpr std::size_t kMostShown = 120;
  if (wasi::reach_out(s.p1, fmt::format("an HTTP request to '{}'",
                                        authority.substr(0, kMostShown))) == nullptr) {
    return HttpFailure{HttpError::kRequestDenied};
  }
  const Monotonic now = s.p1.clock->monotonic();
  exchange.connect_until =
      std::min(exchange.connect_until, now + s.p1.setup.network->connect_timeout);
  const Answer found = wasi::look_up(s.p1, exchange.host, exchange.port, exchange.addresses);
  if (!goes_on(s, found)) return HttpFailure{HttpError::kDnsTimeout};
  switch (found.error) {
    case Errno::kSuccess:
      break;
    case Errno::kNoent:
      return HttpFailure{HttpError::kDnsError};
    case Errno::kTimedout:
      return HttpFailure{HttpError::kDnsTimeout};
    default:
      return failure_of(found.error);
  }
  connect_next(exchange);
  return std::exchange(exchange.failure, {});
}

void pump(Exchange& exchange) {
  if (exchange.stage == Stage::kConnecting) pump_connecting(exchange);
  if (exchange.stage == Stage::kHandshake) pump_handshake(exchange);
  if (exchange.stage == Stage::kTalking) pump_out(exchange);
  if (exchange.stage == Stage::kTalking) pump_in(exchange);
}

void add_to_request(Exchange& exchange, std::string_view data, bool last) {
  if (exchange.request_is_whole || exchange.stage == Stage::kOver) return;
  if (exchange.chunked && !data.empty()) {
    exchange.out += fmt::format("{:x}\r\n{}\r\n", data.size(), data);
  } else {
    exchange.out += data;
  }
  if (last && exchange.chunked) {
    exchange.out += "0\r\n";
    for (const auto& [name, value] : exchange.s.bodies[exchange.body].trailers) {
      exchange.out += fmt::format("{}: {}\r\n", name, value);
    }
    exchange.out += "\r\n";
  }
  exchange.request_is_whole = last;
  pump(exchange);
}

std::string_view read_response(Exchange& exchange, u64 most) {
  if (exchange.ready_at == exchange.ready.size()) {
    exchange.ready = exchange.response.take_body();
    exchange.ready_at = 0;
  }
  const std::string_view part = std::string_view(exchange.ready).substr(exchange.ready_at, most);
  exchange.ready_at += part.size();
  return part;
}

void abandon(Exchange& exchange, std::optional<HttpFailure> failure) {
  if (exchange.stage == Stage::kOver) return;
  if (failure) return fail(exchange, std::move(*failure));
  hang_up(exchange);
}

void expire(Exchange& exchange) {
  if (exchange.stage == Stage::kOver) return;
  fail(exchange, {exchange.stage == Stage::kTalking ? HttpError::kConnectionReadTimeout
                                                    : HttpError::kConnectionTimeout});
}

pollfd awaited(Exchange& exchange, Monotonic& until) {
  if (exchange.stage == Stage::kOver) return {-1, 0, 0};
  const auto later = [&](std::chrono::nanoseconds by) {
    const Monotonic now = exchange.waits_since;
    return by < Monotonic::max() - now ? now + by : Monotonic::max();
  };
  // While nobody takes the body's bytes no more are read, so that the service waits.
  short events = exchange.response.response().body.size() < kExchangeBuffer ? POLLIN : 0;
  switch (exchange.stage) {
    case Stage::kConnecting:
      events = POLLOUT;
      until = exchange.connect_until;
      break;
    case Stage::kHandshake:
      until = exchange.connect_until;
      break;
    default:
      if (unsent(exchange) > 0) events = static_cast<short>(events | POLLOUT);
      until =
          later(exchange.response.head_is_whole() ? exchange.between_bytes : exchange.first_byte);
  }
  return {entry_of(exchange).host, events, 0};
}

}  // namespace ferry::wasi2
