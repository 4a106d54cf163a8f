#include "wasi2/text.h"

namespace ferry::wasi2 {
namespace {

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// The next code point of well-formed UTF-8, which is taken off.
char32_t take_code_point(std::string_view& utf8) {
  const auto byte = [&utf8](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
  const unsigned first = byte(0);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t c = size == 1 ? first : first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) c = c << 6 | (byte(i) & 0x3Fu);
  utf8.remove_prefix(size);
  return c;
}

unsigned unit_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]) | static_cast<unsigned char>(bytes[i + 1]) << 8;
}

bool decode_utf16(std::string_view bytes, std::string& room) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    char32_t c = unit_at(bytes, i);
    if (c >= 0xD800 && c < 0xE000) {
      if (c >= 0xDC00 || i + 2 >= bytes.size()) return false;
      const unsigned low = unit_at(bytes, i + 2);
      if (low < 0xDC00 || low >= 0xE000) return false;
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      i += 2;
    }
    append_utf8(room, c);
  }
  return true;
}

void append_unit(Bytes& out, unsigned unit) {
  out.push_back(static_cast<u8>(unit));
  out.push_back(static_cast<u8>(unit >> 8));
}

bool fits_latin1(std::string_view utf8) {
  while (!utf8.empty()) {
    if (take_code_point(utf8) > 0xFF) return false;
  }
  return true;
}

}  // namespace

TextShape text_shape(u32 length, Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      break;
    case Encoding::kUtf16:
      return {u64{length} * 2, 2, true};
    case Encoding::kLatin1OrUtf16:
      if ((length & kUtf16Tag) != 0) return {u64{length ^ kUtf16Tag} * 2, 2, true};
      return {length, 2, false};
  }
  return {length, 1, false};
}

std::optional<std::string_view> decode_text(std::string_view bytes, const TextShape& shape,
                                            Encoding encoding, std::string& room) {
  if (encoding == Encoding::kUtf8) {
    return is_utf8(bytes) ? std::optional(bytes) : std::nullopt;
  }
  room.clear();
  if (shape.utf16) {
    if (!decode_utf16(bytes, room)) return std::nullopt;
  } else {
    for (char c : bytes) append_utf8(room, static_cast<unsigned char>(c));
  }
  return room;
}

EncodedText encode_text(std::string_view utf8, Encoding encoding) {
  EncodedText out;
  if (encoding == Encoding::kLatin1OrUtf16 && fits_latin1(utf8)) {
    while (!utf8.empty()) out.bytes.push_back(static_cast<u8>(take_code_point(utf8)));
    out.length = static_cast<u32>(out.bytes.size());
    return out;
  }
  while (!utf8.empty()) {
    char32_t c = take_code_point(utf8);
    if (c >= 0x10000) {
      c -= 0x10000;
      append_unit(out.bytes, 0xD800 + static_cast<unsigned>(c >> 10));
      append_unit(out.bytes, 0xDC00 + static_cast<unsigned>(c & 0x3FF));
    } else {
      append_unit(out.bytes, static_cast<unsigned>(c));
    }
  }
  out.length = static_cast<u32>(out.bytes.size() / 2);
  if (encoding == Encoding::kLatin1OrUtf16) out.length |= kUtf16Tag;
  return out;
}

}  // namespace ferry::wasi2
