#include "snapshot/chacha8.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ferry::snapshot {
namespace {

// Go aligns its state to eight bytes: it holds 64-bit words.
constexpr std::size_t kAlign = 8;
constexpr std::uint32_t kLanes = 4;
constexpr std::uint32_t kRound = 16;  // counters of one seed
constexpr std::size_t kKey = 32;      // bytes
// Draws of the cheaper generator that are followed until one is what memory holds.
constexpr int kCheapSteps = 100'000;

using Words = std::array<std::uint32_t, 16>;

void quarter(Words& x, std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 7);
}

template <typename T>
T read_at(ByteView memory, std::size_t at) {
  T value;
  std::memcpy(&value, memory.data() + at, sizeof value);
  return value;
}

// One step of the generator that Go uses where 64-bit multiplication is slow: two xorshifts.
std::uint64_t next_cheap(std::uint64_t state) {
  auto first = static_cast<std::uint32_t>(state);
  const auto second = static_cast<std::uint32_t>(state >> 32);
  first ^= first << 17;
  first = first ^ second ^ (first >> 7) ^ (second >> 16);
  return std::uint64_t{first} << 32 | second;
}

std::optional<std::uint32_t> find_cheap(ByteView memory, const GoGenerator& generator) {
  const std::size_t at = (generator.at + GoGenerator::kSize + kAlign - 1) / kAlign * kAlign;
  if (at + 8 > memory.size()) {
    return std::nullopt;
  }
  // The first word that it gave out; known as long as its first seed is.
  std::uint64_t state = chacha8_block(generator.seed, 0)[0];
  const auto held = read_at<std::uint64_t>(memory, at);
  for (int step = 0; step < kCheapSteps; ++step, state = next_cheap(state)) {
    if (state == held) {
      return static_cast<std::uint32_t>(at);
    }
  }
  return std::nullopt;
}

}  // namespace

ChaCha8Block chacha8_block(const ChaCha8Seed& seed, std::uint32_t counter) {
  std::array<std::uint32_t, 8> key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint32_t>(seed[i / 2] >> (32 * (i % 2)));
  }
  ChaCha8Block out{};
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    Words x = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};  // "expand 32-byte k"
    std::ranges::copy(key, x.begin() + 4);
    x[12] = counter + lane;
    for (int twice = 0; twice < 4; ++twice) {
      for (std::size_t i = 0; i < 4; ++i) {  // columns
        quarter(x, i, 4 + i, 8 + i, 12 + i);
      }
      for (std::size_t i = 0; i < 4; ++i) {  // diagonals
        quarter(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
      }
    }
    for (std::size_t i = 0; i < key.size(); ++i) {
      x[4 + i] += key[i];
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t word = i * kLanes + lane;
      out[word / 2] |= std::uint64_t{x[i]} << (32 * (word % 2));
    }
  }
  return out;
}

std::vector<GoGenerator> find_go_generators(ByteView memory) {
  std::vector<GoGenerator> found;
  const std::size_t size = std::min<std::size_t>(memory.size(), UINT32_MAX);
  for (std::size_t at = 0; at + GoGenerator::kSize <= size; at += kAlign) {
    const auto used = read_at<std::uint32_t>(memory, at + GoGenerator::kUsed);
    const auto usable = read_at<std::uint32_t>(memory, at + GoGenerator::kUsable);
    const auto counter = read_at<std::uint32_t>(memory, at + GoGenerator::kCounter);
    if ((usable != 32 && usable != 28) || used > usable || counter >= kRound ||
        counter % kLanes != 0) {
      continue;
    }
    GoGenerator generator;
    generator.at = static_cast<std::uint32_t>(at);
    generator.seed = read_at<ChaCha8Seed>(memory, at + GoGenerator::kSeed);
    generator.counter = counter;
    if (read_at<ChaCha8Block>(memory, at) != chacha8_block(generator.seed, counter)) {
      continue;
    }
    generator.cheap = find_cheap(memory, generator);
    found.push_back(generator);
    at += GoGenerator::kSize / kAlign * kAlign;
  }
  return found;
}

std::optional<std::uint32_t> find_go_hash_key(ByteView memory, ByteView seed) {
  if (seed.size() != kKey) {
    return std::nullopt;
  }
  const ChaCha8Block drawn = chacha8_block(read_at<ChaCha8Seed>(seed, 0), 0);
  for (std::size_t at = 0; at + kKey <= memory.size(); at += kAlign) {
    if (std::memcmp(memory.data() + at, drawn.data(), kKey) == 0) {
      return static_cast<std::uint32_t>(at);
    }
  }
  return std::nullopt;
}

}  // namespace ferry::snapshot
