#include "base/excerpt.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferry {
namespace {

constexpr std::size_t kBefore = 40;
constexpr std::size_t kAfter = 100;

}  // namespace

std::string excerpt(std::string_view text, std::string_view other) {
  const std::size_t common =
      static_cast<std::size_t>(std::ranges::mismatch(text, other).in1 - text.begin());
  const std::size_t from = common > kBefore ? common - kBefore : 0;
  std::string out = from > 0 ? fmt::format("byte {}: …", from) : "";
  for (char c : text.substr(from, kBefore + kAfter)) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\') {
      out += "\\\\";
    } else if ((c >= 0 && c < 0x20) || c == 0x7F || c < 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  if (text.size() > from + kBefore + kAfter) {
    out += fmt::format("… ({} bytes)", text.size());
  }
  return out.empty() ? "(nothing)" : out;
}

}  // namespace ferry
