#include "base/ids.h"

#include <array>

#include "base/bytes.h"

namespace ferry {

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
  std::string hex = to_hex(id);
  for (std::size_t at : {20u, 16u, 12u, 8u}) {
    hex.insert(at, 1, '-');
  }
  return hex;
}

}  // namespace ferry
