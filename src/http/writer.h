// Response → bytes of its head. Fields that a function wrote are hostile like any other bytes:
// what could split a response or change its framing is not passed on.
#pragma once

#include <string>

#include "http/message.h"

namespace ferry::http {

struct Framing {
  int minor_version = 1;
  bool keep_alive = true;
};

// Appends status line, fields and the empty line. A field that is not well-formed, or is the
// front's own (Connection, Content-Length, Transfer-Encoding, Date …), is left out.
void append_head(std::string& out, const Response& response, const Framing& framing);

// Whether a status has no body by definition (RFC 9110, 6.4.1).
bool is_bodyless(int status);

}  // namespace ferry::http
