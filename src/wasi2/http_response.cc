// wasi:http/types: the response that the guest makes, and the bodies of what it sends.
#include <algorithm>

#include <fmt/format.h>

#include "wasi2/calls.h"
#include "wasi2/exchange.h"
#include "wasi2/http_rules.h"

namespace ferry::wasi2 {

u32 outgoing_response_constructor(S& s, G /*g*/, u32 headers) {
  auto list = take_fields(s, headers);
  return list ? make(s, OutgoingResponse{.headers = std::move(*list)}) : 0;
}

u32 outgoing_response_status_code(S& s, G /*g*/, u32 self) {
  const OutgoingResponse* response = need<OutgoingResponse>(s, self);
  return response != nullptr ? response->status : 0;
}

u32 outgoing_response_set_status_code(S& s, G /*g*/, u32 self, u32 status) {
  OutgoingResponse* response = need<OutgoingResponse>(s, self);
  if (response == nullptr) return 1;
  status &= 0xffff;  // a u16 (CanonicalABI.md, lift_flat_unsigned)
  if (status < 100 || status > 999) return 1;
  response->status = static_cast<u16>(status);
  return 0;
}

u32 outgoing_response_headers(S& s, G /*g*/, u32 self) {
  const OutgoingResponse* response = need<OutgoingResponse>(s, self);
  return response != nullptr ? make_headers(s, response->headers, self) : 0;
}

void outgoing_response_body(S& s, G g, u32 self, u32 ret) {
  OutgoingResponse* response = need<OutgoingResponse>(s, self);
  if (response == nullptr || !begin(s, g, ret, 8, 4)) return;
  if (response->body != kNone) return s.results.put(0, u8{1});
  u32 body = kNone;
  const std::shared_ptr<FieldList> headers = response->headers;
  const u32 handle = make_body(s, *headers, false, body);
  if (handle == 0) return;
  s.handles.find<OutgoingResponse>(self)->body = body;
  s.results.put(4, handle);
}

void outgoing_body_write(S& s, G g, u32 self, u32 ret) {
  OutgoingBody* body = need<OutgoingBody>(s, self);
  if (body == nullptr || !begin(s, g, ret, 8, 4)) return;
  if (body->streamed) return s.results.put(0, u8{1});
  body->streamed = true;
  const OutputStream stream{.to = OutputStream::To::kBody, .body = body->body};
  s.results.put(4, make(s, stream, self));
}

// result<_, error-code>, of 40 bytes.
void outgoing_body_finish(S& s, G g, u32 self, u32 has_trailers, u32 trailers, u32 ret) {
  if (!check_case(s, has_trailers, 2)) return;
  const auto taken = take<OutgoingBody>(s, self);
  if (!taken || !begin(s, g, ret, 40, 8)) return;
  Body& body = s.bodies[taken->body];
  if (has_trailers != 0) {
    auto list = take_fields(s, trailers);
    if (!list) return;
    body.trailers = std::move(**list);
  }
  if (const auto failure = finish_body(s, body)) {
    s.results.put(0, u8{1});
    put_http_error(s, 8, *failure);
  }
}

void answer_error(S& s, G g, u32 code, u32 some, u32 text_at, u32 length) {
  if (!check_case(s, code, kHttpErrors)) return;
  s.answered = Answered::kError;
  s.error = http_error_name(code);
  if (code != static_cast<u32>(HttpError::kInternalError) || some == 0) return;
  std::string text;
  if (get_text(s, g, text_at, length, text)) s.error += ": " + text;
}

void response_outparam_set(S& s, G g, u32 param, u32 is_error, u32 first, u32 p0, u64 p1, u32 p2,
                           u32 /*p3*/, u32 /*p4*/, u32 /*p5*/) {
  if (!take<ResponseOutparam>(s, param) || !check_case(s, is_error, 2)) return;
  if (is_error != 0) return answer_error(s, g, first, p0, static_cast<u32>(p1), p2);
  auto response = take<OutgoingResponse>(s, first);
  if (!response) return;
  s.answered = Answered::kResponse;
  s.response.status = response->status;
  s.response.headers = std::move(*response->headers);
  std::erase_if(s.response.headers,
                [](const auto& field) { return field.first == "content-length"; });
  s.response_body = response->body;
}

// An answer before the answer, such as 103: no platform here takes one on.
void response_outparam_send_informational(S& s, G g, u32 self, u32 /*status*/, u32 headers,
                                          u32 ret) {
  if (need<ResponseOutparam>(s, self) == nullptr || !take_fields(s, headers)) return;
  if (!begin(s, g, ret, 40, 8)) return;
  s.results.put(0, u8{1});
  put_http_error(s, 8,
                 {HttpError::kInternalError, {}, "informational responses are not sent here"});
}

}  // namespace ferry::wasi2
