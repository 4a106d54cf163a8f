// The head of a request (RFC 9112, sections 2 to 6), read strictly: whatever two servers could
// read differently is refused, since a proxy before us may be the other one (section 11.2).
// Pure: bytes in, views into them out. Fuzzed by tests/http/reader_fuzz.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace ferry::http {

// Why a request is refused: the status to answer and a reason in plain words (static text).
struct Refusal {
  int status = 400;
  const char* reason = "";
};

struct Head {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;
  std::vector<Field> fields;  // capacity is kept from request to request

  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 when there is none
  bool keep_alive = true;
  bool expects_continue = false;
  bool takes_trailers = false;  // of HTTP/1.1, with "trailers" in TE (RFC 9110, 10.1.4)
};

inline constexpr std::size_t kMaxFields = 128;
inline constexpr std::size_t kMaxTarget = 16u << 10;

// `text` is the whole head, its last empty line included. Fills `head`, or says why not.
std::optional<Refusal> parse_head(std::string_view text, Head& head);

// One field line without its CRLF; also for trailers.
std::optional<Refusal> parse_field(std::string_view line, Field& field);

bool is_token(std::string_view text);        // RFC 9110, 5.6.2
bool is_field_value(std::string_view text);  // no control characters but the tab

}  // namespace ferry::http
