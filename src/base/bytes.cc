#include "base/bytes.h"

#include <algorithm>
#include <cstring>

#include <sodium.h>

namespace ferry {

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  Bytes out(text.size() / 2);
  std::size_t length = 0;
  if (text.size() % 2 != 0 ||
      sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, nullptr) !=
          0 ||
      length != out.size()) {
    return Error{Code::kInvalid, "not hexadecimal", ""};
  }
  return out;
}

std::string to_base64(ByteView bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // libsodium counts and writes the final NUL
  return out;
}

Result<std::string> from_base64(std::string_view text) {
  // libsodium 1.0.18 takes each byte that is not ASCII for a '/'.
  const bool ascii = std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
  std::string out(text.size() / 4 * 3 + 3, '\0');
  std::size_t length = 0;
  const char* end = nullptr;
  int bad = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                              text.size(), nullptr, &length, &end, sodium_base64_VARIANT_ORIGINAL);
  if (!ascii || bad != 0 || end != text.data() + text.size()) {
    return Error{Code::kInvalid, "not base64 (RFC 4648, section 4)", ""};
  }
  out.resize(length);
  return out;
}

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    if (*p < 0x80) {
      // Most text is ASCII: eight bytes at once as long as it lasts.
      std::uint64_t word = 0;
      while (end - p >= 8 && (std::memcpy(&word, p, 8), (word & 0x8080808080808080) == 0)) p += 8;
      while (p < end && *p < 0x80) ++p;
      continue;
    }
    int more = 0;
    std::uint32_t point = 0;
    if ((*p & 0xE0) == 0xC0) {
      more = 1;
      point = *p & 0x1Fu;
    } else if ((*p & 0xF0) == 0xE0) {
      more = 2;
      point = *p & 0x0Fu;
    } else if ((*p & 0xF8) == 0xF0) {
      more = 3;
      point = *p & 0x07u;
    } else {
      return false;
    }
    if (end - p <= more) {
      return false;
    }
    for (int i = 1; i <= more; ++i) {
      if ((p[i] & 0xC0) != 0x80) {
        return false;
      }
      point = point << 6 | (p[i] & 0x3Fu);
    }
    static constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
      return false;
    }
    p += more + 1;
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  if (is_utf8(text)) {
    return std::string(text);
  }
  std::string out;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < 4 && length < text.size() && !is_utf8(text.substr(0, length))) {
      ++length;
    }
    if (is_utf8(text.substr(0, length))) {
      out += text.substr(0, length);
    } else {
      out += "\xEF\xBF\xBD";
      length = 1;
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace ferry
