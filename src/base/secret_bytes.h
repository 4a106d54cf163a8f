// Bytes of a key. Copies are overwritten when they go, so that memory which is used again, or is
// inherited by a process that is forked, has none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is POSIX's

namespace ferry {

template <std::size_t kSize>
struct SecretBytes : std::array<std::uint8_t, kSize> {
  SecretBytes() : std::array<std::uint8_t, kSize>{} {}
  SecretBytes(const SecretBytes&) = default;
  SecretBytes& operator=(const SecretBytes&) = default;
  ~SecretBytes() { explicit_bzero(this->data(), kSize); }
};

}  // namespace ferry
