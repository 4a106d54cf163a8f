// Attribute values as HTTP header values: CloudEvents HTTP binding 1.0.2, 3.1.3.2.
#include <algorithm>

#include "base/bytes.h"
#include "event/http.h"

namespace ferry::event {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_kept(char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '%'; }

Error bad_value(const char* reason) { return Error{Code::kInvalid, reason, ""}; }

// Whether the value as a whole is one quoted-string (RFC 9110, 5.6.4). A quote anywhere else is a
// character like others: senders leave them unencoded, in JSON for example.
bool is_quoted_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return false;
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (value[i] == '"') return i + 1 == value.size();
    i += value[i] == '\\' ? 1 : 0;
  }
  return false;
}

// What a quoted-string says.
std::string unquote(std::string_view value) {
  std::string out;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    i += value[i] == '\\' ? 1 : 0;
    out.push_back(value[i]);
  }
  return out;
}

Result<std::string> percent_decode(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      out.push_back(value[i]);
      continue;
    }
    int high = i + 2 < value.size() ? hex_digit(value[i + 1]) : -1;
    int low = i + 2 < value.size() ? hex_digit(value[i + 2]) : -1;
    if (high < 0 || low < 0) return bad_value("has a '%' without two hexadecimal digits behind it");
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  if (!is_utf8(out)) return bad_value("is not well-formed UTF-8 once percent-decoded");
  return out;
}

}  // namespace

std::string encode_header_value(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (is_kept(c)) {
      out.push_back(c);
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

Result<std::string> decode_header_value(std::string_view value) {
  bool encoded = false;
  bool raw = false;
  for (char c : value) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return bad_value("has control characters in its header");
    encoded = encoded || c == '%';
    raw = raw || byte > 0x7F;
  }
  // A sender must percent-encode these, but the Go SDK, and so Knative's brokers, write them as
  // they are. No encoded value looks like that, so nothing is read differently by taking them.
  if (raw && !is_utf8(value)) {
    return bad_value("has bytes in its header that are neither percent-encoded nor UTF-8");
  }
  if (is_quoted_string(value)) return percent_decode(unquote(value));
  if (encoded) return percent_decode(value);
  return std::string(value);
}

}  // namespace ferry::event
