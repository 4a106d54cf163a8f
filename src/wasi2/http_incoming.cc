// wasi:http/types: the request that the guest handles, and incoming bodies. The request's body is
// there from the start, and it has no trailers: platforms hand over whole messages.
#include "wasi2/calls.h"
#include "wasi2/exchange.h"
#include "wasi2/http_rules.h"

namespace ferry::wasi2 {
namespace {

// Without what belongs to the connection; the authority replaces the host field.
std::shared_ptr<FieldList> headers_of(const HttpRequest& request) {
  auto list = std::make_shared<FieldList>();
  list->reserve(request.headers.size());
  for (const auto& [name, value] : request.headers) {
    std::string lower(name);
    make_lower(lower);
    if (!is_forbidden(lower) && is_token(lower) && is_field_value(value)) {
      list->emplace_back(std::move(lower), value);
    }
  }
  return list;
}

std::optional<std::string> some(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

}  // namespace

const std::shared_ptr<FieldList>& incoming_headers(S& s) {
  if (!s.request_headers) s.request_headers = headers_of(*s.request);
  return s.request_headers;
}

void incoming_request_method(S& s, G g, u32 self, u32 ret) {
  if (need<IncomingRequest>(s, self) == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_method(s, 0, s.request->method);
}

void incoming_request_path_with_query(S& s, G g, u32 self, u32 ret) {
  if (need<IncomingRequest>(s, self) == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_optional_text(s, 0, some(s.request->path_with_query));
}

void incoming_request_scheme(S& s, G g, u32 self, u32 ret) {
  if (need<IncomingRequest>(s, self) == nullptr || !begin(s, g, ret, 16, 4)) return;
  s.results.put(0, u8{1});
  put_scheme(s, 4, s.request->scheme);
}

void incoming_request_authority(S& s, G g, u32 self, u32 ret) {
  if (need<IncomingRequest>(s, self) == nullptr || !begin(s, g, ret, 12, 4)) return;
  put_optional_text(s, 0, some(s.request->authority));
}

u32 incoming_request_headers(S& s, G /*g*/, u32 self) {
  return need<IncomingRequest>(s, self) != nullptr ? make_headers(s, incoming_headers(s), self) : 0;
}

void incoming_request_consume(S& s, G g, u32 self, u32 ret) {
  IncomingRequest* request = need<IncomingRequest>(s, self);
  if (request == nullptr || !begin(s, g, ret, 8, 4)) return;
  if (request->consumed) return s.results.put(0, u8{1});
  request->consumed = true;
  s.results.put(4, make(s, IncomingBody{}));
}

void incoming_body_stream(S& s, G g, u32 self, u32 ret) {
  IncomingBody* body = need<IncomingBody>(s, self);
  if (body == nullptr || !begin(s, g, ret, 8, 4)) return;
  if (body->streamed) return s.results.put(0, u8{1});
  body->streamed = true;
  const InputStream stream{
      body->exchange == kNone ? InputStream::From::kBody : InputStream::From::kExchange, kNone,
      body->exchange};
  s.results.put(4, make(s, stream, self));
}

u32 incoming_body_finish(S& s, G /*g*/, u32 self) {
  const auto body = take<IncomingBody>(s, self);
  if (!body) return 0;
  // What was not read is read and dropped, so that the trailers behind it are found.
  if (body->exchange != kNone) s.exchanges[body->exchange]->discards = true;
  return make(s, FutureTrailers{.exchange = body->exchange});
}

}  // namespace ferry::wasi2
