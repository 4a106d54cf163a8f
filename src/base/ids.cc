#include "base/ids.h"

#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

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

constexpr std::string_view kForm = "00000000-0000-0000-0000-000000000000";
// Where the two digits of each byte are in it.
constexpr auto kPlaces = [] {
  std::array<std::size_t, 16> places{};
  std::size_t at = 0;
  for (std::size_t& place : places) {
    at += kForm[at] == '-' ? 1 : 0;
    place = at;
    at += 2;
  }
  return places;
}();

// Without a loop: one is made for every event.
template <std::size_t... I>
void put_pairs(std::span<char> text, std::span<const std::uint8_t> id,
               std::index_sequence<I...> /*bytes*/) {
  (std::memcpy(text.data() + kPlaces[I], kPairs.data() + std::size_t{2} * id[I], 2), ...);
}

}  // namespace

std::string uuid_v7(const Clock& clock, Random& random) {
  std::array<std::uint8_t, 16> id{};
  random.fill(id);
  auto ms = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(clock.about().time_since_epoch()).count());
  for (unsigned i = 0; i < 6; ++i) {
    id[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  }
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0Fu) | 0x70u);
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3Fu) | 0x80u);
  std::array<char, kForm.size()> text;
  std::memcpy(text.data(), kForm.data(), text.size());
  put_pairs(text, id, std::make_index_sequence<kPlaces.size()>());
  return {text.data(), text.size()};
}

}  // namespace ferry
