// FIPS 180-4, on x86-64 with the SHA extensions (Intel's manual, volume 2, SHA256RNDS2).
#include "base/sha256_cpu.h"

#if defined(__x86_64__)

#include <array>
#include <cstring>

#include <immintrin.h>

#include "base/cpu_features.h"

namespace ferry {
namespace {

constexpr std::size_t kSha256Block = 64;

alignas(16) constexpr std::uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
constexpr std::array<std::uint32_t, 8> kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

__m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

__attribute__((target("sha,sse4.1"))) void add_blocks(std::array<std::uint32_t, 8>& state,
                                                      const std::uint8_t* data,
                                                      std::size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  // The instructions want the eight words as ABEF and CDGH.
  __m128i low = _mm_shuffle_epi32(load(&state[0]), 0xB1);
  __m128i high = _mm_shuffle_epi32(load(&state[4]), 0x1B);
  __m128i abef = _mm_alignr_epi8(low, high, 8);
  __m128i cdgh = _mm_blend_epi16(high, low, 0xF0);
  for (; blocks > 0; --blocks, data += kSha256Block) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i words[4] = {};
#pragma GCC unroll 16
    for (unsigned i = 0; i < 16; ++i) {  // four rounds each
      __m128i& now = words[i % 4];
      if (i < 4) {
        now = _mm_shuffle_epi8(load(data + 16 * i), big_endian);
      } else {
        const __m128i last = words[(i + 3) % 4];
        const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(now, words[(i + 1) % 4]),
                                          _mm_alignr_epi8(last, words[(i + 2) % 4], 4));
        now = _mm_sha256msg2_epu32(sum, last);
      }
      const __m128i keyed = _mm_add_epi32(now, load(&kRounds[4 * i]));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, keyed);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(keyed, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  low = _mm_shuffle_epi32(abef, 0x1B);
  high = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&state[0]), _mm_blend_epi16(low, high, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&state[4]), _mm_alignr_epi8(high, low, 8));
}

void put_big_endian(std::uint8_t* to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) {
    to[i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
  }
}

}  // namespace

bool cpu_has_sha256() { return CPU_FEATURE_PRESENT(SHA) && CPU_FEATURE_ACTIVE(SSE4_1); }

Sha256 sha256_by_cpu(ByteView bytes) {
  std::array<std::uint32_t, 8> state = kStart;
  const std::size_t whole = bytes.size() / kSha256Block;
  add_blocks(state, bytes.data(), whole);
  // The rest, a one bit, zeros, and the length in bits.
  std::array<std::uint8_t, 2 * kSha256Block> end{};
  const ByteView rest = bytes.subspan(whole * kSha256Block);
  if (!rest.empty()) std::memcpy(end.data(), rest.data(), rest.size());
  end[rest.size()] = 0x80;
  const std::size_t blocks = rest.size() + 9 > kSha256Block ? 2 : 1;
  put_big_endian(end.data() + blocks * kSha256Block - 8, std::uint64_t{bytes.size()} * 8, 8);
  add_blocks(state, end.data(), blocks);
  Sha256 out{};
  for (unsigned i = 0; i < state.size(); ++i) {
    put_big_endian(out.data() + 4 * i, state[i], 4);
  }
  return out;
}

}  // namespace ferry

#else

namespace ferry {

bool cpu_has_sha256() { return false; }
Sha256 sha256_by_cpu(ByteView /*bytes*/) { return {}; }

}  // namespace ferry

#endif
