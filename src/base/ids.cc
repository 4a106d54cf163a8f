#include "base/ids.h"

#include <array>
#include <cstring>
#include <string_view>

namespace ferry {
namespace {

// "00" to "ff": each event takes several ids.
constexpr auto kPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (unsigned i = 0; i < 256; ++i) {
    pairs[2 * i] = kDigits[i >> 4];
    pairs[2 * i + 1] = kDigits[i & 15];
  }
  return pairs;
}();

}  // namespace

std::string uuid_v7(const Clock& clock, Random& random) {
  std::array<std::uint8_t, 16> id{};
  random.fill(id);
  auto ms = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count());
  for (unsigned i = 0; i < 6; ++i) {
    id[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  }
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0Fu) | 0x70u);
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3Fu) | 0x80u);
  std::string text(36, '-');
  std::size_t at = 0;
  for (unsigned i = 0; i < id.size(); ++i) {
    at += i == 4 || i == 6 || i == 8 || i == 10 ? 1 : 0;
    std::memcpy(text.data() + at, kPairs.data() + 2 * id[i], 2);
    at += 2;
  }
  return text;
}

}  // namespace ferry
