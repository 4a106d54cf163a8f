// Response → bytes of its head. Fields that a function wrote are hostile like any other bytes:
// what could split a response or change its framing is not passed on.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace ferry::http {

struct Framing {
  int minor_version = 1;
  bool keep_alive = true;
  bool chunked = false;  // the body is one chunk, with the trailers behind it
};

// Appends status line, fields and the empty line. A field that is not well-formed, or is the
// front's own (Connection, Content-Length, Transfer-Encoding, Date …), is left out.
void append_head(std::string& out, const Response& response, const Framing& framing);

// A piece of a chunked body; nothing of an empty one, which would end it.
void append_chunk(std::string& out, std::string_view piece);

// What stands behind the body of a chunked response: its end and the trailers.
void append_trailers(std::string& out, const Response& response);

// Whether a status has no body by definition (RFC 9110, 6.4.1).
bool is_bodyless(int status);

}  // namespace ferry::http
