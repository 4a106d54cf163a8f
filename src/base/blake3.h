// BLAKE3 with 256 bits of output, for what must be hashed while somebody waits: several times as
// fast as SHA-256 or BLAKE2b, since it takes eight or sixteen pieces of the input at once.
// github.com/BLAKE3-team/BLAKE3-specs, blake3.pdf, 2.
#pragma once

#include <array>
#include <span>

#include "base/bytes.h"

namespace ferry {

// Allocates nothing and may be called in a signal handler; it takes some 9 KiB of stack.
std::array<std::uint8_t, 32> blake3(ByteView data);

// The same of each of these pages of 4096 bytes, wherever they lie, into `out`, one for each. Many
// are hashed at once: one alone takes nearly as long as four.
void blake3_pages(std::span<const std::uint8_t* const> pages, std::array<std::uint8_t, 32>* out);

}  // namespace ferry
