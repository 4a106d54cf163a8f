// SHA-256 (FIPS 180-4): a function's digest is the SHA-256 of its wasm file.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace ferry {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(ByteView bytes);

// "sha256:" and 64 hexadecimal digits: the form in logs, packages and reports.
std::string digest_text(const Sha256& digest);
inline std::string digest_of(ByteView bytes) { return digest_text(sha256(bytes)); }

}  // namespace ferry
