// Go's random generator (1.22 and newer: math/rand, math/rand/v2, the seeds of maps), found in an
// image of a program's memory by what it computes rather than by a symbol: the state holds a seed
// and the 256 bytes that ChaCha8 makes of it, so that computing them again is the proof.
// c2sp.org/chacha8rand has the algorithm.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace ferry::snapshot {

using ChaCha8Seed = std::array<std::uint64_t, 4>;
using ChaCha8Block = std::array<std::uint64_t, 32>;

// Four blocks of ChaCha8 with counters from `counter` on, interlaced word by word.
ChaCha8Block chacha8_block(const ChaCha8Seed& seed, std::uint32_t counter);

// As it lies in memory: 32 words of output, four of seed, then three u32: words already given
// out, words that may be given out, and the counter.
struct GoGenerator {
  static constexpr std::uint32_t kOutput = 0;
  static constexpr std::uint32_t kNextSeed = 28 * 8;  // the last words of a round: the next seed
  static constexpr std::uint32_t kSeed = 32 * 8;
  static constexpr std::uint32_t kUsed = 36 * 8;
  static constexpr std::uint32_t kUsable = kUsed + 4;
  static constexpr std::uint32_t kCounter = kUsed + 8;
  static constexpr std::uint32_t kSize = kUsed + 12;

  std::uint32_t at = 0;  // its address
  ChaCha8Seed seed{};
  std::uint32_t counter = 0;
  // Go's cheaper generator (64 bits, for its scheduler and for select), which lies behind this one
  // and started with this one's first word; nullopt where that cannot be shown.
  std::optional<std::uint32_t> cheap;
};

// All of them. Each is proved; what only looks like one is left out.
std::vector<GoGenerator> find_go_generators(ByteView memory);

// Where the key of all hash tables lies (four words), given the 32 bytes that the program was
// seeded with: it is the first that it draws.
std::optional<std::uint32_t> find_go_hash_key(ByteView memory, ByteView seed);

}  // namespace ferry::snapshot
