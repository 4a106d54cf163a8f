// Strings of the canonical ABI in their three encodings (CanonicalABI.md, load_string and
// store_string). Private to src/wasi2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wasi2/results.h"

namespace ferry::wasi2 {

// Set in a length of kLatin1OrUtf16: the string is UTF-16.
inline constexpr u32 kUtf16Tag = 1u << 31;

// A string as guest memory has it: where it begins must be a multiple of `alignment`.
struct TextShape {
  u64 bytes = 0;
  u32 alignment = 1;
  bool utf16 = false;
};
TextShape text_shape(u32 length, Encoding encoding);

// The bytes of a string as UTF-8, put into `room` where they are not UTF-8 already. Nothing where
// they are not well-formed.
std::optional<std::string_view> decode_text(std::string_view bytes, const TextShape& shape,
                                            Encoding encoding, std::string& room);

struct EncodedText {
  Bytes bytes;
  u32 length = 0;  // in code units, tagged where it must be
};
// For the encodings other than UTF-8. `utf8` is well-formed.
EncodedText encode_text(std::string_view utf8, Encoding encoding);

}  // namespace ferry::wasi2
