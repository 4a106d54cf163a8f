#include "base/terminal.h"

#include <fmt/format.h>

namespace ferry {
namespace {

// The code point of a two- or three-byte sequence at the front that must not reach a terminal;
// 0: there is none. C1 controls are U+0080 to U+009F, directions U+200E/F, U+202A to U+202E and
// U+2066 to U+2069 (Unicode, "Bidirectional Algorithm", 2).
unsigned hidden_at(std::string_view text, std::size_t& size) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  size = 2;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) {
    return byte(1);
  }
  size = 3;
  if (byte(0) != 0xE2 || (byte(1) != 0x80 && byte(1) != 0x81)) {
    return 0;
  }
  const unsigned point = 0x2000 + (byte(1) - 0x80) * 0x40 + (byte(2) - 0x80);
  const bool direction = point == 0x200E || point == 0x200F ||
                         (point >= 0x202A && point <= 0x202E) ||
                         (point >= 0x2066 && point <= 0x2069);
  return direction ? point : 0;
}

}  // namespace

std::string escape_controls(std::string_view text, LineEnds line_ends) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    std::size_t size = 1;
    if (byte < 0x20 || byte == 0x7F) {
      const bool stays = byte == '\t' || (byte == '\n' && line_ends == LineEnds::kKeep);
      out += stays ? std::string(1, text.front()) : fmt::format("\\x{:02x}", byte);
    } else if (const unsigned point = hidden_at(text, size); point != 0) {
      out += fmt::format("\\u{:04x}", point);
    } else {
      size = 1;
      out += text.front();
    }
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace ferry
