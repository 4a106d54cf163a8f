#include "http/head.h"

#include <algorithm>
#include <array>

namespace ferry::http {
namespace {

using Table = std::array<bool, 256>;

consteval Table make_token_table() {
  Table table{};
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}

consteval Table make_value_table() {
  Table table{};
  for (unsigned c = 0x20; c < 0x100; ++c) table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}

// What a host may be made of: reg-name, IPv4, [IPv6], a port (RFC 3986, 3.2.2).
consteval Table make_host_table() {
  Table table{};
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (char c : std::string_view("-._~!$&'()*+,;=%:[]")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

constexpr Table kToken = make_token_table();
constexpr Table kValue = make_value_table();
constexpr Table kHost = make_host_table();

bool all_in(const Table& table, std::string_view text) {
  for (char c : text) {
    if (!table[static_cast<unsigned char>(c)]) {
      return false;
    }
  }
  return true;
}

std::string_view trim(std::string_view text) {
  std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Refusal> parse_target(const Head& head) {
  std::string_view target = head.target;
  for (char c : target) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) {
      return Refusal{400, "the request target has a character that must be percent-encoded"};
    }
  }
  if (target.empty()) {
    return Refusal{400, "the request target is empty"};
  }
  if (target.find('#') != std::string_view::npos) {
    return Refusal{400, "the request target has a fragment"};
  }
  if (target.front() == '/') {
    return std::nullopt;
  }
  if (target == "*") {
    if (head.method != "OPTIONS") {
      return Refusal{400, "the target * is for OPTIONS only"};
    }
    return std::nullopt;
  }
  if (head.method == "CONNECT") {
    return Refusal{501, "CONNECT is not offered"};
  }
  for (std::string_view scheme : {"http://", "https://"}) {
    if (target.size() > scheme.size() && equals_nocase(target.substr(0, scheme.size()), scheme)) {
      std::string_view authority = target.substr(scheme.size());
      authority = authority.substr(0, authority.find_first_of("/?"));
      if (!authority.empty() && all_in(kHost, authority)) {
        return std::nullopt;
      }
    }
  }
  return Refusal{400, "the request target is neither a path nor an http URI"};
}

std::optional<Refusal> parse_request_line(std::string_view line, Head& head) {
  std::size_t first = line.find(' ');
  if (first == std::string_view::npos) {
    return Refusal{400, "the request line is not 'METHOD target HTTP/1.1'"};
  }
  std::size_t last = line.find(' ', first + 1);
  if (last == std::string_view::npos || line.find(' ', last + 1) != std::string_view::npos) {
    return Refusal{400, "the request line is not 'METHOD target HTTP/1.1'"};
  }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (!is_token(head.method)) {
    return Refusal{400, "the method is not a token"};
  }
  if (head.method.size() > 32) {
    return Refusal{501, "no such method"};
  }
  std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1") {
    head.minor_version = 1;
  } else if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
             is_digit(version[5]) && is_digit(version[7])) {
    if (version[5] != '1') {
      return Refusal{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    }
    // RFC 9110, 2.5: a higher minor version is read as the highest one known.
    head.minor_version = version[7] == '0' ? 0 : 1;
  } else {
    return Refusal{400, "the HTTP version is malformed"};
  }
  if (head.target.size() > kMaxTarget) {
    return Refusal{414, "the request target is longer than 16 KiB"};
  }
  return parse_target(head);
}

// RFC 9110, 8.6: 1*DIGIT. A list of equal lengths could be taken; we have no use for it.
std::optional<Refusal> parse_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return Refusal{400, "Content-Length is not a decimal number"};
  }
  length = 0;
  for (char c : text) {
    auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (UINT64_MAX - digit) / 10) {
      return Refusal{400, "Content-Length does not fit 64 bits"};
    }
    length = length * 10 + digit;
  }
  return std::nullopt;
}

// What was seen of the fields that decide framing; each may come at most once, but Connection.
struct Seen {
  bool length = false;
  bool coding = false;
  bool host = false;
  bool expect = false;
  bool close = false;
  bool keep_alive = false;
  bool trailers = false;
};

// Whether a word stands in a list of them (RFC 9110, 5.6.1).
bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equals_nocase(trim(list.substr(0, comma)), word)) {
      return true;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

void note_connection(std::string_view value, Seen& seen) {
  seen.close |= has_word(value, "close");
  seen.keep_alive |= has_word(value, "keep-alive");
}

// RFC 9112, 6.1 and 6.3: without chunked as its last coding the end of a body can't be known, so
// that is malformed; other codings before it are merely not offered.
std::optional<Refusal> check_coding(std::string_view value) {
  if (equals_nocase(value, "chunked")) {
    return std::nullopt;
  }
  const std::size_t comma = value.rfind(',');
  const std::string_view last = comma == std::string_view::npos ? value : value.substr(comma + 1);
  if (comma == std::string_view::npos || !equals_nocase(trim(last), "chunked")) {
    return Refusal{400, "the last transfer coding is not chunked"};
  }
  for (std::string_view rest = value.substr(0, comma);;) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view coding = trim(rest.substr(0, end));
    if (!is_token(coding.substr(0, coding.find_first_of("; \t")))) {
      return Refusal{400, "Transfer-Encoding is malformed"};
    }
    if (equals_nocase(coding, "chunked")) {
      return Refusal{400, "the transfer coding chunked appears twice"};
    }
    if (end == rest.size()) {
      return Refusal{501, "the only transfer coding known is chunked"};
    }
    rest.remove_prefix(end + 1);
  }
}

std::optional<Refusal> note_field(const Field& field, Head& head, Seen& seen) {
  // Lengths first: this runs for each field of each request.
  switch (field.name.size()) {
    case 2:
      if (equals_nocase(field.name, "te")) {
        seen.trailers |= has_word(field.value, "trailers");
      }
      break;
    case 4:
      if (equals_nocase(field.name, "host")) {
        if (seen.host) {
          return Refusal{400, "there are two Host fields"};
        }
        seen.host = true;
        if (!all_in(kHost, field.value)) {
          return Refusal{400, "Host is not a host and port"};
        }
      }
      break;
    case 6:
      if (equals_nocase(field.name, "expect")) {
        if (seen.expect || !equals_nocase(field.value, "100-continue")) {
          return Refusal{417, "the only expectation known is 100-continue"};
        }
        seen.expect = true;
      }
      break;
    case 10:
      if (equals_nocase(field.name, "connection")) {
        note_connection(field.value, seen);
      }
      break;
    case 14:
      if (equals_nocase(field.name, "content-length")) {
        if (seen.length) {
          return Refusal{400, "there are two Content-Length fields"};
        }
        seen.length = true;
        return parse_length(field.value, head.content_length);
      }
      break;
    case 17:
      if (equals_nocase(field.name, "transfer-encoding")) {
        if (seen.coding) {
          return Refusal{400, "there are two Transfer-Encoding fields"};
        }
        seen.coding = true;
        head.chunked = true;
        return check_coding(field.value);
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> settle_framing(Head& head, const Seen& seen) {
  // RFC 9112, 6.1 and 6.3: either alone is fine, both together are an attack or a broken proxy.
  if (seen.coding && seen.length) {
    return Refusal{400, "both Transfer-Encoding and Content-Length"};
  }
  if (seen.coding && head.minor_version == 0) {
    return Refusal{400, "Transfer-Encoding in an HTTP/1.0 request"};
  }
  if (!seen.host && head.minor_version == 1) {
    return Refusal{400, "an HTTP/1.1 request without Host"};
  }
  head.keep_alive = !seen.close && (head.minor_version == 1 || seen.keep_alive);
  // RFC 9110, 10.1.1: an expectation in HTTP/1.0 is to be ignored.
  head.expects_continue = seen.expect && head.minor_version == 1;
  head.takes_trailers = seen.trailers && head.minor_version == 1;
  return std::nullopt;
}

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && all_in(kToken, text); }
bool is_field_value(std::string_view text) { return all_in(kValue, text); }

std::optional<Refusal> parse_field(std::string_view line, Field& field) {
  if (line.front() == ' ' || line.front() == '\t') {
    return Refusal{400, "a folded field line"};  // RFC 9112, 5.2
  }
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return Refusal{400, "a field line without a colon"};
  }
  field.name = line.substr(0, colon);
  if (!is_token(field.name)) {
    return Refusal{400, "a field name that is not a token"};  // white space before ':' as well
  }
  field.value = trim(line.substr(colon + 1));
  if (!is_field_value(field.value)) {
    return Refusal{400, "a control character in a field value"};
  }
  return std::nullopt;
}

std::optional<Refusal> parse_head(std::string_view text, Head& head) {
  head.fields.clear();
  head.chunked = false;
  head.content_length = 0;
  std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) {
    return Refusal{400, "the request line has no end"};
  }
  if (auto refusal = parse_request_line(text.substr(0, end), head)) {
    return refusal;
  }
  Seen seen;
  for (std::size_t at = end + 2;; at = end + 2) {
    // A line ends at its LF, which must follow a CR; any other CR is a control character in a
    // value, and refused there.
    std::size_t feed = text.find('\n', at);
    if (feed == std::string_view::npos || feed == at || text[feed - 1] != '\r') {
      return Refusal{400, "a line that does not end in CR LF"};
    }
    end = feed - 1;
    if (end == at) {
      if (feed + 1 != text.size()) {
        return Refusal{400, "bytes behind the end of the head"};
      }
      return settle_framing(head, seen);
    }
    if (head.fields.size() == kMaxFields) {
      return Refusal{431, "more than 128 header fields"};
    }
    Field field;
    if (auto refusal = parse_field(text.substr(at, end - at), field)) {
      return refusal;
    }
    if (auto refusal = note_field(field, head, seen)) {
      return refusal;
    }
    head.fields.push_back(field);
  }
}

}  // namespace ferry::http
