#include "event/uri.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>

namespace ferry::event {
namespace {

enum Class : std::uint8_t {
  kAlpha = 1,
  kDigit = 2,
  kHex = 4,
  kUnreserved = 8,
  kSubDelim = 16,
};

consteval std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> out{};
  for (unsigned c = 'a'; c <= 'z'; ++c) {
    out[c] = out[c - 32] = kAlpha | kUnreserved;
  }
  for (unsigned c = 'a'; c <= 'f'; ++c) {
    out[c] |= kHex;
    out[c - 32] |= kHex;
  }
  for (unsigned c = '0'; c <= '9'; ++c) out[c] = kDigit | kHex | kUnreserved;
  for (char c : {'-', '.', '_', '~'}) out[static_cast<unsigned char>(c)] = kUnreserved;
  for (char c : {'!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '='}) {
    out[static_cast<unsigned char>(c)] = kSubDelim;
  }
  return out;
}
constexpr auto kClasses = make_classes();

bool in_class(char c, unsigned classes) {
  return (kClasses[static_cast<unsigned char>(c)] & classes) != 0;
}

bool is_encoded_at(std::string_view text, std::size_t i) {
  return text.size() - i >= 3 && text[i] == '%' && in_class(text[i + 1], kHex) &&
         in_class(text[i + 2], kHex);
}

// Unreserved and sub-delims, well-formed percent-encodings, and the `extra` characters.
bool is_made_of(std::string_view text, std::string_view extra) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_encoded_at(text, i)) {
      i += 2;
    } else if (!in_class(text[i], kUnreserved | kSubDelim) &&
               extra.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && in_class(text.front(), kAlpha) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return in_class(c, kAlpha | kDigit) || c == '+' || c == '-' || c == '.';
         });
}

// IPv6address or IPvFuture, between the brackets (3.2.2).
bool is_ip_literal(std::string_view text) {
  if (!text.empty() && (text.front() | 0x20) == 'v') {
    std::size_t dot = text.find('.');
    return dot != std::string_view::npos && dot > 1 && dot + 1 < text.size() &&
           std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(dot),
                       [](char c) { return in_class(c, kHex); }) &&
           text.find('%') == std::string_view::npos && is_made_of(text.substr(dot + 1), ":");
  }
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  in6_addr address{};
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return false;
  std::copy(text.begin(), text.end(), buffer.begin());
  return inet_pton(AF_INET6, buffer.data(), &address) == 1;
}

// [ userinfo "@" ] host [ ":" port ]
bool is_authority(std::string_view text) {
  if (std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!is_made_of(text.substr(0, at), ":")) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ip_literal(text.substr(1, close - 1))) return false;
    rest = text.substr(close + 1);
  } else {
    std::size_t colon = std::min(text.find(':'), text.size());
    if (!is_made_of(text.substr(0, colon), "")) return false;
    rest = text.substr(colon);
  }
  return rest.empty() ||
         (rest.front() == ':' &&
          std::all_of(rest.begin() + 1, rest.end(), [](char c) { return in_class(c, kDigit); }));
}

// Cuts off what follows the first `c`; nothing when there is none.
std::string_view split_off(std::string_view& text, char c) {
  std::size_t at = text.find(c);
  if (at == std::string_view::npos) return {};
  std::string_view behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

}  // namespace

bool is_uri_reference(std::string_view text) {
  if (!is_made_of(split_off(text, '#'), ":@/?") || !is_made_of(split_off(text, '?'), ":@/?")) {
    return false;
  }
  std::size_t end = text.find_first_of(":/");
  if (end != std::string_view::npos && text[end] == ':') {
    // Without a scheme, the first segment of a path has no colon (4.2).
    if (!is_scheme(text.substr(0, end))) return false;
    text.remove_prefix(end + 1);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    std::size_t slash = std::min(text.find('/'), text.size());
    if (!is_authority(text.substr(0, slash))) return false;
    text.remove_prefix(slash);
  }
  return is_made_of(text, ":@/");
}

bool is_absolute_uri(std::string_view text) {
  std::size_t end = text.find_first_of(":/?#");
  return end != std::string_view::npos && text[end] == ':' &&
         text.find('#') == std::string_view::npos && is_uri_reference(text);
}

std::string to_uri_path(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  static constexpr std::string_view kExtra = ":@/";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_class(text[i], kUnreserved | kSubDelim) || is_encoded_at(text, i) ||
        kExtra.find(text[i]) != std::string_view::npos) {
      out.push_back(text[i]);
      continue;
    }
    auto byte = static_cast<unsigned char>(text[i]);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

}  // namespace ferry::event
