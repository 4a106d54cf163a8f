#include "wasi2/http_message.h"

#include "wasi2/calls.h"
#include "wasi2/channel.h"
#include "wasi2/exchange.h"
#include "wasi2/http_rules.h"
#include "wasi2/http_send.h"
#include "wasi2/wait.h"
#include "wasi2/waitables.h"

namespace ferry::wasi2 {
namespace {

using Awaits = Pollable::Awaits;

// `own` is there: option<stream<u8>>. False and the guest ended where it is none.
bool take_contents(S& s, u32 some, u32 own, u32& contents) {
  if (!check_case(s, some, 2)) return false;
  if (some == 0) return true;
  contents = take_readable(s, own, false);
  return contents != kNone;
}

// The future of a message that a guest makes: how it was sent.
bool add_sent(S& s, Message& message) {
  message.sent = add_promise(s, {.type = Promise::Type::kHttp});
  return message.sent != kNone;
}

// tuple<message, future<result<_, error-code>>>, of 8 bytes.
void put_made(S& s, G g, u32 ret, u32 message, u32 sent) {
  if (!begin(s, g, ret, 8, 4)) return;
  s.results.put(0, message);
  s.results.put(4, give_readable(s, sent));
}

void set_response_headers(S& s, const FieldList& headers) {
  s.response.headers = headers;
  std::erase_if(s.response.headers,
                [](const auto& field) { return field.first == "content-length"; });
}

// Hands the body of a message to `body`, where it goes from now on.
void read_message(S& s, G g, const Message& message, u32 body) {
  s.bodies[body].sent = message.sent;
  s.bodies[body].parts = message.contents != kNone ? 2 : 1;
  if (message.contents != kNone) {
    read_into(s, g, message.contents, {.to = OutputStream::To::kBody, .body = body}, kNone, body);
  }
  if (!s.stopped) read_future(s, g, message.trailers, Channel::Reader::kTrailers, body);
}

std::optional<HttpFailure> start(S& s, G g, const Request& request, u32& exchange) {
  u32 body = kNone;
  if (request.contents != kNone && !add_body(s, *request.headers, true, body)) return std::nullopt;
  std::optional<HttpFailure> failure = send_request(s, request, body, request.options, exchange);
  if (s.stopped) return std::nullopt;
  if (failure) {
    drop_readable(s, request.contents);
    drop_readable(s, request.trailers);
    resolve(s, request.sent, {}, *failure);
    return failure;
  }
  if (body != kNone) {
    read_message(s, g, request, body);
  } else {
    read_future(s, g, request.trailers, Channel::Reader::kIgnores);
    if (request.sent != kNone) {
      s.channels[request.sent]->promise->awaits =
          Pollable{.what = Awaits::kSent, .exchange = exchange};
    }
  }
  return std::nullopt;
}

// result<_, request-options-error> of an error.
void put_options_error(S& s, G g, u32 ret, bool immutable) {
  if (!begin(s, g, ret, 20, 4) || !immutable) return;
  s.results.put(0, u8{1});
  s.results.put(4, u8{1});  // immutable
}

void set_option(S& s, G g, u32 self, u32 some, u64 duration, u32 ret,
                std::optional<u64> RequestOptions::*member) {
  RequestOptions* options = need<RequestOptions>(s, self);
  if (options == nullptr || !check_case(s, some, 2)) return;
  if (!options->immutable) options->*member = some != 0 ? std::optional(duration) : std::nullopt;
  put_options_error(s, g, ret, options->immutable);
}

}  // namespace

void end_part(S& s, u32 index, std::optional<HttpFailure> failure) {
  Body& body = s.bodies[index];
  if (body.parts == 0) return;  // it has failed before
  if (!failure && --body.parts > 0) return;
  body.parts = 0;
  if (!failure) {
    failure = finish_body(s, body);
  } else if (body.exchange != kNone) {
    abandon(*s.exchanges[body.exchange], *failure);
  }
  if (!failure && body.exchange != kNone && body.sent != kNone) {
    s.channels[body.sent]->promise->awaits =
        Pollable{.what = Awaits::kSent, .exchange = body.exchange};
    return;
  }
  if (failure && !body.of_request) {
    s.answered = Answered::kError;
    s.error = http_failure_text(*failure);
  }
  resolve(s, body.sent, {}, std::move(failure));
}

void take_trailers(S& s, G g, u32 at, u32 body) {
  if (!check_list(s, g, at, 1, 40, 8)) return;
  u8 is_error = 0;
  u8 which = 0;
  g.get(at, is_error);
  g.get(at + 8, which);
  if (!check_case(s, is_error, 2) || !check_case(s, which, is_error != 0 ? kHttpErrors : 2)) return;
  if (is_error != 0) return end_part(s, body, HttpFailure{static_cast<HttpError>(which)});
  if (which != 0) {
    u32 handle = 0;
    g.get(at + 12, handle);
    auto trailers = take_fields(s, handle);
    if (!trailers) return;
    s.bodies[body].trailers = std::move(**trailers);
  }
  end_part(s, body);
}

void put_response(S& s, G g, u32 index, u32 ret, bool can_allocate) {
  if (!begin(s, g, ret, 40, 8)) return;
  Exchange& exchange = *s.exchanges[index];
  if (!exchange.response.head_is_whole()) {
    HttpFailure failure = *exchange.failure;
    if (!can_allocate) failure.text.clear();
    s.results.put(0, u8{1});
    return put_http_error(s, 8, failure);
  }
  Response response;
  response.status = static_cast<u16>(exchange.response.response().status);
  response.headers = received_headers(exchange);
  response.trailers = add_promise(s, {.type = Promise::Type::kTrailers,
                                      .awaits = Pollable{.what = Awaits::kEnd, .exchange = index}});
  if (response.trailers == kNone) return;
  response.contents =
      add_source(s, {.from = InputStream::From::kExchange, .exchange = index}, response.trailers);
  if (response.contents != kNone) s.results.put(8, make(s, std::move(response)));
}

void end_request(S& s, u32 exchange) { abandon(*s.exchanges[exchange]); }

void drop_message(S& s, const Message& message) {
  drop_readable(s, message.trailers);
  drop_readable(s, message.contents);
  resolve(s, message.sent, {}, HttpFailure{HttpError::kInternalError});
}

// ferry:abi. A handle of this event's request.
u32 new_request(S& s, G g) {
  if (s.request == nullptr) {
    trap(s, "there is no HTTP request to handle");
    return 0;
  }
  auto request = std::make_unique<Request>();
  request->method = s.request->method;
  const auto some = [](std::string_view text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
  };
  request->path_with_query = some(s.request->path_with_query);
  request->scheme = some(s.request->scheme);
  request->authority = some(s.request->authority);
  request->headers = incoming_headers(s);
  request->trailers = add_promise(s, {.type = Promise::Type::kTrailers, .known = true});
  request->contents = add_source(s, {.from = InputStream::From::kBody}, request->trailers);
  (void)g;
  return make(s, std::move(request));
}

void task_return_http(S& s, G g, u32 is_error, u32 first, u32 p0, u64 p1, u32 p2, u32 /*p3*/,
                      u32 /*p4*/, u32 /*p5*/) {
  if (!check_case(s, is_error, 2)) return;
  if (s.task.returned) return trap(s, "task.return was called twice");
  s.task.returned = true;
  if (is_error != 0) return answer_error(s, g, first, p0, static_cast<u32>(p1), p2);
  const auto response = take<Response>(s, first);
  u32 body = kNone;
  if (!response || !add_body(s, *response->headers, false, body)) return;
  s.answered = Answered::kResponse;
  s.response.status = response->status;
  set_response_headers(s, *response->headers);
  s.response_body = body;
  read_message(s, g, *response, body);
}

void request_new(S& s, G g, u32 headers, u32 some_contents, u32 own_contents, u32 trailers,
                 u32 some_options, u32 own_options, u32 ret) {
  auto list = take_fields(s, headers);
  auto request = std::make_unique<Request>();
  if (!list || !take_contents(s, some_contents, own_contents, request->contents)) return;
  request->trailers = take_readable(s, trailers, true);
  if (request->trailers == kNone || !check_case(s, some_options, 2)) return;
  if (some_options != 0) {
    request->options = take<RequestOptions>(s, own_options);
    if (!request->options) return;
  }
  request->headers = std::move(*list);
  if (!add_sent(s, *request)) return;
  const u32 sent = request->sent;
  put_made(s, g, ret, make(s, std::move(request)), sent);
}

void response_new(S& s, G g, u32 headers, u32 some_contents, u32 own_contents, u32 trailers,
                  u32 ret) {
  auto list = take_fields(s, headers);
  Response response;
  if (!list || !take_contents(s, some_contents, own_contents, response.contents)) return;
  response.trailers = take_readable(s, trailers, true);
  if (response.trailers == kNone || !add_sent(s, response)) return;
  response.headers = std::move(*list);
  const u32 sent = response.sent;
  put_made(s, g, ret, make(s, std::move(response)), sent);
}

template <typename R>
void consume_body(S& s, G g, u32 self, u32 result, u32 ret) {
  const auto message = take<R>(s, self);
  const u32 processed = message ? take_readable(s, result, true) : kNone;
  if (processed == kNone) return;
  read_future(s, g, processed, Channel::Reader::kIgnores);
  resolve(s, message->sent, {});
  u32 contents = message->contents;
  if (contents == kNone) {
    contents = add_channel(s, false, 1);
    if (contents == kNone) return;
    s.channels[contents]->writable_gone = true;
  }
  if (!begin(s, g, ret, 8, 4)) return;
  s.results.put(0, give_readable(s, contents));
  s.results.put(4, give_readable(s, message->trailers));
}
template void consume_body<Request>(S&, G, u32, u32, u32);
template void consume_body<Response>(S&, G, u32, u32, u32);

u32 request_get_headers(S& s, G /*g*/, u32 self) {
  const Request* request = need<Request>(s, self);
  return request != nullptr ? make_headers(s, request->headers, 0) : 0;
}

// option<request-options>, of 8 bytes.
void request_get_options(S& s, G g, u32 self, u32 ret) {
  const Request* request = need<Request>(s, self);
  if (request == nullptr || !begin(s, g, ret, 8, 4) || !request->options) return;
  RequestOptions shown = *request->options;
  shown.immutable = true;
  s.results.put(0, u8{1});
  s.results.put(4, make(s, shown, self));
}

u32 response_get_status(S& s, G /*g*/, u32 self) {
  const Response* response = need<Response>(s, self);
  return response != nullptr ? response->status : 0;
}

u32 response_set_status(S& s, G /*g*/, u32 self, u32 status) {
  Response* response = need<Response>(s, self);
  status &= 0xffff;  // a u16 (CanonicalABI.md, lift_flat_unsigned)
  if (response == nullptr || status < 100 || status > 599) return 1;  // RFC 9110, 15
  response->status = static_cast<u16>(status);
  return 0;
}

u32 response_get_headers(S& s, G /*g*/, u32 self) {
  const Response* response = need<Response>(s, self);
  return response != nullptr ? make_headers(s, response->headers, 0) : 0;
}

u32 request_options_clone(S& s, G /*g*/, u32 self) {
  const RequestOptions* options = need<RequestOptions>(s, self);
  if (options == nullptr) return 0;
  RequestOptions copy = *options;
  copy.immutable = false;
  return make(s, copy);
}
void options_set_connect(S& s, G g, u32 self, u32 some, u64 duration, u32 ret) {
  set_option(s, g, self, some, duration, ret, &RequestOptions::connect);
}
void options_set_first_byte(S& s, G g, u32 self, u32 some, u64 duration, u32 ret) {
  set_option(s, g, self, some, duration, ret, &RequestOptions::first_byte);
}
void options_set_between_bytes(S& s, G g, u32 self, u32 some, u64 duration, u32 ret) {
  set_option(s, g, self, some, duration, ret, &RequestOptions::between_bytes);
}

// result<response, error-code>, of 40 bytes.
void client_send(S& s, G g, u32 self, u32 ret) {
  const auto request = take<Request>(s, self);
  u32 exchange = kNone;
  if (!request || !check_list(s, g, ret, 1, 40, 8)) return;
  const auto failure = start(s, g, *request, exchange);
  if (s.stopped) return;
  if (failure) {
    begin(s, g, ret, 40, 8);
    s.results.put(0, u8{1});
    return put_http_error(s, 8, *failure);
  }
  const Pollable answered{.what = Awaits::kResponse, .exchange = exchange};
  if (wait_for(s, {&answered, 1})) put_response(s, g, exchange, ret, true);
}

u32 client_send_async(S& s, G g, u32 self, u32 ret) {
  const auto request = take<Request>(s, self);
  u32 exchange = kNone;
  if (!request || !check_list(s, g, ret, 1, 40, 8)) return 0;
  const auto failure = start(s, g, *request, exchange);
  if (s.stopped) return 0;
  if (failure) {
    begin(s, g, ret, 40, 8);
    s.results.put(0, u8{1});
    put_http_error(s, 8, *failure);
    return static_cast<u32>(Subtask::State::kReturned);
  }
  return static_cast<u32>(Subtask::State::kStarted) |
         add_subtask(s, {.what = Awaits::kResponse, .exchange = exchange}, ret) << 4;
}

}  // namespace ferry::wasi2
