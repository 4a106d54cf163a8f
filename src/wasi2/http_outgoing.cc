// wasi:http/outgoing-handler, and the response to a request that was sent (wasi:http/types).
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wasi2/calls.h"
#include "wasi2/exchange.h"
#include "wasi2/http_rules.h"
#include "wasi2/http_send.h"

namespace ferry::wasi2 {
namespace {

std::chrono::nanoseconds duration_of(const std::optional<u64>& duration) {
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(std::min<u64>(duration.value_or(INT64_MAX), INT64_MAX)));
}

// RFC 9112, 3: the request line and the fields. The connection is for this request alone.
std::string head_of(const RequestParts& request, const std::string& authority,
                    std::string_view framing) {
  std::string path = request.path_with_query.value_or("/");
  if (path.empty()) path = "/";
  std::string out = fmt::format("{} {} HTTP/1.1\r\nhost: {}\r\n", request.method, path, authority);
  for (const auto& [name, value] : *request.headers) {
    if (name != "content-length") out += fmt::format("{}: {}\r\n", name, value);
  }
  out += framing;
  out += "connection: close\r\n\r\n";
  return out;
}

bool has_content_by_itself(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

// What the request is, checked; else why it can't be sent.
std::optional<HttpFailure> check_request(const S& s, const RequestParts& request, u32 body) {
  if (!request.authority) return HttpFailure{HttpError::kRequestUriInvalid};
  if (request.scheme && *request.scheme != "http" && *request.scheme != "https") {
    return HttpFailure{HttpError::kRequestUriInvalid};
  }
  if (!is_path(request.path_with_query.value_or("/"))) {
    return HttpFailure{HttpError::kRequestUriInvalid};
  }
  if (request.method == "CONNECT") return HttpFailure{HttpError::kRequestMethodInvalid};
  if (body == kNone && content_length(*request.headers).value_or(0) != 0) {
    return HttpFailure{HttpError::kRequestBodySize, 0};
  }
  if (body != kNone && s.bodies[body].abandoned) {
    return HttpFailure{HttpError::kInternalError, {}, "the request's body was never finished"};
  }
  if (s.exchanges.size() >= Handles::kMost) {
    return HttpFailure{HttpError::kConnectionLimitReached};
  }
  return std::nullopt;
}

// Hands the head, and what the body has so far, to the exchange.
void begin_request(S& s, Exchange& exchange, const RequestParts& request, u32 body_index,
                   u32 index) {
  const std::string authority = *request.authority;
  if (request.method == "HEAD") exchange.response.expect_no_body();
  if (body_index == kNone) {
    const bool empty = has_content_by_itself(request.method);
    exchange.out = head_of(request, authority, empty ? "content-length: 0\r\n" : "");
    exchange.request_is_whole = true;
    return;
  }
  Body& body = s.bodies[body_index];
  exchange.body = body_index;
  std::optional<u64> length = body.length;
  if (body.finished && body.trailers.empty()) length = body.size;
  exchange.chunked = !length;
  exchange.out = head_of(request, authority,
                         length ? fmt::format("content-length: {}\r\n", *length)
                                : std::string("transfer-encoding: chunked\r\n"));
  const std::string data = std::exchange(body.data, {});
  body.exchange = index;
  add_to_request(exchange, data, body.finished);
}

// option<result<result<T, error-code>>>, of 56 bytes: whether the value is to be put at 24.
bool put_future(S& s, const std::optional<HttpFailure>& failure, bool taken) {
  s.results.put(0, u8{1});
  if (taken) {
    s.results.put(8, u8{1});
    return false;
  }
  if (!failure) return true;
  s.results.put(16, u8{1});
  put_http_error(s, 24, *failure);
  return false;
}

}  // namespace

std::shared_ptr<FieldList> received_headers(Exchange& exchange) {
  if (exchange.headers) return exchange.headers;
  exchange.headers = std::make_shared<FieldList>();
  for (const auto& [name, value] : exchange.response.response().fields) {
    if (!is_forbidden(name)) exchange.headers->emplace_back(name, value);
  }
  return exchange.headers;
}

std::shared_ptr<FieldList> received_trailers(const Exchange& exchange) {
  std::string_view lines = exchange.response.trailers();
  auto out = std::make_shared<FieldList>();
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(std::min(lines.size(), line.size() + 2));
    http::Field field;
    if (http::parse_field(line, field)) continue;
    std::string name(field.name);
    make_lower(name);
    if (!is_forbidden(name)) out->emplace_back(std::move(name), field.value);
  }
  return out->empty() ? nullptr : out;
}

std::optional<HttpFailure> send_request(S& s, const RequestParts& request, u32 body,
                                        const std::optional<RequestOptions>& options, u32& index) {
  if (auto failure = check_request(s, request, body)) return failure;
  auto exchange = std::make_unique<Exchange>(s);
  exchange->host = *request.authority;
  exchange->https = request.scheme.value_or("https") == "https";
  if (options) {
    const Monotonic now = s.p1.clock->monotonic();
    const auto connect = duration_of(options->connect);
    if (connect < Monotonic::max() - now) exchange->connect_until = now + connect;
    exchange->first_byte = duration_of(options->first_byte);
    exchange->between_bytes = duration_of(options->between_bytes);
  }
  if (auto failure = begin_exchange(s, *exchange)) return failure;
  index = static_cast<u32>(s.exchanges.size());
  begin_request(s, *exchange, request, body, index);
  s.exchanges.push_back(std::move(exchange));
  pump(*s.exchanges.back());
  return std::nullopt;
}

// result<future-incoming-response, error-code>, of 40 bytes.
void outgoing_handler_handle(S& s, G g, u32 handle, u32 has_options, u32 options_handle, u32 ret) {
  const auto request = take<OutgoingRequest>(s, handle);
  if (!request || !check_case(s, has_options, 2)) return;
  std::optional<RequestOptions> options;
  if (has_options != 0) {
    options = take<RequestOptions>(s, options_handle);
    if (!options) return;
  }
  if (!begin(s, g, ret, 40, 8)) return;
  u32 index = kNone;
  const auto failure = send_request(s, *request, request->body, options, index);
  if (s.stopped) return;
  if (failure) {
    s.results.put(0, u8{1});
    return put_http_error(s, 8, *failure);
  }
  s.results.put(8, make(s, FutureResponse{.exchange = index}));
}

u32 future_response_subscribe(S& s, G /*g*/, u32 self) {
  const FutureResponse* future = need<FutureResponse>(s, self);
  if (future == nullptr) return 0;
  return make(s, Pollable{.what = Pollable::Awaits::kResponse, .exchange = future->exchange}, self);
}

// option<result<result<incoming-response, error-code>>>, of 56 bytes.
void future_response_get(S& s, G g, u32 self, u32 ret) {
  FutureResponse* future = need<FutureResponse>(s, self);
  if (future == nullptr || !begin(s, g, ret, 56, 8)) return;
  Exchange& exchange = *s.exchanges[future->exchange];
  pump(exchange);
  if (!has_response(exchange)) return;
  const bool taken = std::exchange(future->taken, true);
  const u32 index = future->exchange;
  // What failed once the head was there is the body's failure.
  const bool answered = exchange.response.head_is_whole();
  if (put_future(s, answered ? std::nullopt : exchange.failure, taken)) {
    s.results.put(24, make(s, IncomingResponse{index}));
  }
}

u32 incoming_response_status(S& s, G /*g*/, u32 self) {
  const IncomingResponse* response = need<IncomingResponse>(s, self);
  if (response == nullptr) return 0;
  return static_cast<u32>(s.exchanges[response->exchange]->response.response().status);
}

u32 incoming_response_headers(S& s, G /*g*/, u32 self) {
  const IncomingResponse* response = need<IncomingResponse>(s, self);
  if (response == nullptr) return 0;
  return make_headers(s, received_headers(*s.exchanges[response->exchange]), self);
}

// result<incoming-body>, of 8 bytes.
void incoming_response_consume(S& s, G g, u32 self, u32 ret) {
  IncomingResponse* response = need<IncomingResponse>(s, self);
  if (response == nullptr || !begin(s, g, ret, 8, 4)) return;
  if (response->consumed) return s.results.put(0, u8{1});
  response->consumed = true;
  s.results.put(4, make(s, IncomingBody{.exchange = response->exchange}));
}

u32 future_trailers_subscribe(S& s, G /*g*/, u32 self) {
  const FutureTrailers* future = need<FutureTrailers>(s, self);
  if (future == nullptr) return 0;
  const bool now = future->exchange == kNone;
  return make(s,
              Pollable{.what = now ? Pollable::Awaits::kNothing : Pollable::Awaits::kEnd,
                       .exchange = future->exchange},
              self);
}

// option<result<result<option<trailers>, error-code>>>, of 56 bytes.
void future_trailers_get(S& s, G g, u32 self, u32 ret) {
  FutureTrailers* future = need<FutureTrailers>(s, self);
  if (future == nullptr || !begin(s, g, ret, 56, 8)) return;
  Exchange* exchange = future->exchange != kNone ? s.exchanges[future->exchange].get() : nullptr;
  if (exchange != nullptr) {
    pump(*exchange);
    if (!exchange->failure && !exchange->response.whole()) return;
  }
  const bool taken = std::exchange(future->taken, true);
  const bool ended = exchange == nullptr;
  if (!put_future(s, ended ? std::nullopt : exchange->failure, taken) || ended) return;
  const auto trailers = received_trailers(*exchange);
  if (!trailers || !count_fields(s, bytes_of(*trailers))) return;
  s.results.put(24, u8{1});
  s.results.put(28, make(s, Fields{.list = trailers}));
}

// option<error-code>, of 40 bytes.
void http_error_code(S& s, G g, u32 error, u32 ret) {
  const IoError* found = need<IoError>(s, error);
  if (found == nullptr || !begin(s, g, ret, 40, 8) || !found->http) return;
  s.results.put(0, u8{1});
  put_http_error(s, 8, *found->http);
}

}  // namespace ferry::wasi2
