// Bytes: spans for borrowing, vectors for owning, and the few conversions everyone needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ferry {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view text);

// RFC 4648 section 4, with padding. Decoding is strict: no white space, no missing padding,
// no set bits behind the last byte.
std::string to_base64(ByteView bytes);
Result<std::string> from_base64(std::string_view text);

// Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);
// What is not UTF-8 becomes U+FFFD, so that the text can appear in JSON and in any log.
std::string to_utf8(std::string_view text);

}  // namespace ferry
