// wasi:http/types: requests that the guest sends, as it makes them. http_outgoing.cc sends them.
#include "wasi2/calls.h"
#include "wasi2/http_rules.h"

namespace ferry::wasi2 {
namespace {

constexpr std::string_view kMethodNames[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                             "CONNECT", "OPTIONS", "TRACE", "PATCH"};
constexpr u32 kOtherMethod = 9;
constexpr u32 kOtherScheme = 2;

using Text = std::optional<std::string> RequestParts::*;
using Duration = std::optional<u64> RequestOptions::*;

template <typename R>
void put(S& s, G g, u32 self, u32 ret, Text member) {
  const R* request = need<R>(s, self);
  if (request == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_optional_text(s, 0, request->*member);
}

// result<_>: 1 where the text is not of its form.
template <typename R>
u32 set(S& s, G g, u32 self, u32 some, u32 text, u32 length, Text member,
        bool (*valid)(std::string_view)) {
  R* request = need<R>(s, self);
  if (request == nullptr || !check_case(s, some, 2)) return 1;
  if (some == 0) {
    (request->*member).reset();
    return 0;
  }
  if (!get_text(s, g, text, length, s.text) || !valid(s.text)) return 1;
  request->*member = s.text;
  return 0;
}

void put(S& s, G g, u32 self, u32 ret, Duration member) {
  const RequestOptions* options = need<RequestOptions>(s, self);
  if (options == nullptr || !begin(s, g, ret, 16, 8)) return;
  if (!(options->*member)) return;
  s.results.put(0, u8{1});
  s.results.put(8, *(options->*member));
}

u32 set(S& s, u32 self, u32 some, u64 duration, Duration member) {
  RequestOptions* options = need<RequestOptions>(s, self);
  if (options == nullptr || !check_case(s, some, 2)) return 1;
  options->*member = some != 0 ? std::optional(duration) : std::nullopt;
  return 0;
}

}  // namespace

u32 outgoing_request_constructor(S& s, G /*g*/, u32 headers) {
  auto list = take_fields(s, headers);
  if (!list) return 0;
  auto request = std::make_unique<OutgoingRequest>();
  request->headers = std::move(*list);
  return make(s, std::move(request));
}

void outgoing_request_body(S& s, G g, u32 self, u32 ret) {
  OutgoingRequest* request = need<OutgoingRequest>(s, self);
  if (request == nullptr || !begin(s, g, ret, 8, 4)) return;
  if (request->body != kNone) return s.results.put(0, u8{1});
  // The table holds requests by pointer: this one stays where it is.
  const u32 handle = make_body(s, *request->headers, true, request->body);
  s.results.put(4, handle);
}

template <typename R>
void request_method(S& s, G g, u32 self, u32 ret) {
  const R* request = need<R>(s, self);
  if (request == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_method(s, 0, request->method);
}

template <typename R>
u32 request_set_method(S& s, G g, u32 self, u32 method, u32 text, u32 length) {
  R* request = need<R>(s, self);
  if (request == nullptr || !check_case(s, method, kOtherMethod + 1)) return 1;
  if (method != kOtherMethod) {
    request->method = kMethodNames[method];
    return 0;
  }
  if (!get_text(s, g, text, length, s.text) || !is_token(s.text)) return 1;
  request->method = s.text;
  return 0;
}

template <typename R>
void request_path_with_query(S& s, G g, u32 self, u32 ret) {
  put<R>(s, g, self, ret, &RequestParts::path_with_query);
}

template <typename R>
u32 request_set_path_with_query(S& s, G g, u32 self, u32 some, u32 text, u32 length) {
  // An empty path is a valid one (RFC 3986, 3.3), and is requested as none is: as "/".
  constexpr bool kOf03 = std::is_same_v<R, Request>;
  if (some == 1 && length == 0) {
    R* request = need<R>(s, self);
    if (request == nullptr) return 1;
    request->path_with_query = kOf03 ? std::optional<std::string>("/") : std::nullopt;
    return 0;
  }
  return set<R>(s, g, self, some, text, length, &RequestParts::path_with_query,
                kOf03 ? is_reference : is_path);
}

template <typename R>
void request_scheme(S& s, G g, u32 self, u32 ret) {
  const R* request = need<R>(s, self);
  if (request == nullptr || !begin(s, g, ret, 16, 4) || !request->scheme) return;
  s.results.put(0, u8{1});
  put_scheme(s, 4, *request->scheme);
}

template <typename R>
u32 request_set_scheme(S& s, G g, u32 self, u32 some, u32 scheme, u32 text, u32 length) {
  R* request = need<R>(s, self);
  if (request == nullptr || !check_case(s, some, 2)) return 1;
  if (some != 0 && !check_case(s, scheme, kOtherScheme + 1)) return 1;
  if (some == 0 || scheme != kOtherScheme) {
    request->scheme.reset();
    if (some != 0) request->scheme = scheme == 0 ? "http" : "https";
    return 0;
  }
  return set<R>(s, g, self, some, text, length, &RequestParts::scheme, is_scheme);
}

template <typename R>
void request_authority(S& s, G g, u32 self, u32 ret) {
  put<R>(s, g, self, ret, &RequestParts::authority);
}

template <typename R>
u32 request_set_authority(S& s, G g, u32 self, u32 some, u32 text, u32 length) {
  return set<R>(s, g, self, some, text, length, &RequestParts::authority, is_authority);
}

template void request_method<OutgoingRequest>(S&, G, u32, u32);
template u32 request_set_method<OutgoingRequest>(S&, G, u32, u32, u32, u32);
template void request_path_with_query<OutgoingRequest>(S&, G, u32, u32);
template u32 request_set_path_with_query<OutgoingRequest>(S&, G, u32, u32, u32, u32);
template void request_scheme<OutgoingRequest>(S&, G, u32, u32);
template u32 request_set_scheme<OutgoingRequest>(S&, G, u32, u32, u32, u32, u32);
template void request_authority<OutgoingRequest>(S&, G, u32, u32);
template u32 request_set_authority<OutgoingRequest>(S&, G, u32, u32, u32, u32);
template void request_method<Request>(S&, G, u32, u32);
template u32 request_set_method<Request>(S&, G, u32, u32, u32, u32);
template void request_path_with_query<Request>(S&, G, u32, u32);
template u32 request_set_path_with_query<Request>(S&, G, u32, u32, u32, u32);
template void request_scheme<Request>(S&, G, u32, u32);
template u32 request_set_scheme<Request>(S&, G, u32, u32, u32, u32, u32);
template void request_authority<Request>(S&, G, u32, u32);
template u32 request_set_authority<Request>(S&, G, u32, u32, u32, u32);

u32 outgoing_request_headers(S& s, G /*g*/, u32 self) {
  const OutgoingRequest* request = need<OutgoingRequest>(s, self);
  return request != nullptr ? make_headers(s, request->headers, self) : 0;
}

u32 request_options_constructor(S& s, G /*g*/) { return make(s, RequestOptions{}); }

void request_options_connect(S& s, G g, u32 self, u32 ret) {
  put(s, g, self, ret, &RequestOptions::connect);
}
u32 request_options_set_connect(S& s, G /*g*/, u32 self, u32 some, u64 duration) {
  return set(s, self, some, duration, &RequestOptions::connect);
}
void request_options_first_byte(S& s, G g, u32 self, u32 ret) {
  put(s, g, self, ret, &RequestOptions::first_byte);
}
u32 request_options_set_first_byte(S& s, G /*g*/, u32 self, u32 some, u64 duration) {
  return set(s, self, some, duration, &RequestOptions::first_byte);
}
void request_options_between_bytes(S& s, G g, u32 self, u32 ret) {
  put(s, g, self, ret, &RequestOptions::between_bytes);
}
u32 request_options_set_between_bytes(S& s, G /*g*/, u32 self, u32 some, u64 duration) {
  return set(s, self, some, duration, &RequestOptions::between_bytes);
}

}  // namespace ferry::wasi2
