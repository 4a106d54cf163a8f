#include "base/blake3.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ferry {
namespace {

static_assert(std::endian::native == std::endian::little);

using Word = std::uint32_t;
using Value = std::array<Word, 8>;  // a chaining value

constexpr std::size_t kBlock = 64;
constexpr std::size_t kChunk = 1024;
constexpr Word kChunkStart = 1, kChunkEnd = 2, kParent = 4, kRoot = 8;
constexpr Value kIv = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                       0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

// Which word of the message each step of each round takes (2.2, table 2, applied r times).
constexpr auto kSchedule = [] {
  constexpr std::array<unsigned, 16> kNext = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
  std::array<std::array<unsigned, 16>, 7> out{};
  for (unsigned i = 0; i < 16; ++i) out[0][i] = i;
  for (unsigned round = 1; round < 7; ++round) {
    for (unsigned i = 0; i < 16; ++i) out[round][i] = out[round - 1][kNext[i]];
  }
  return out;
}();

// One value for each lane.
using Words4 = Word __attribute__((vector_size(16)));
using Words8 = Word __attribute__((vector_size(32)));
using Words16 = Word __attribute__((vector_size(64)));

template <typename V>
[[gnu::always_inline]] inline void xor_rotate(V& x, const V& with, int by) {
  x ^= with;
  x = (x >> by) | (x << (32 - by));
}

template <typename V>
[[gnu::always_inline]] inline void mix(V* s, int a, int b, int c, int d, const V& x, const V& y) {
  s[a] = s[a] + s[b] + x;
  xor_rotate(s[d], s[a], 16);
  s[c] = s[c] + s[d];
  xor_rotate(s[b], s[c], 12);
  s[a] = s[a] + s[b] + y;
  xor_rotate(s[d], s[a], 8);
  s[c] = s[c] + s[d];
  xor_rotate(s[b], s[c], 7);
}

// 2.2: `value` becomes the next chaining value, in each lane.
template <typename V>
[[gnu::always_inline]] inline void compress(V* value, const V* m, const V& counter_low,
                                            const V& counter_high, Word size, Word flags) {
  V s[16];
  for (int i = 0; i < 8; ++i) s[i] = value[i];
  for (int i = 0; i < 4; ++i) s[8 + i] = V{} + kIv[static_cast<std::size_t>(i)];
  s[12] = counter_low;
  s[13] = counter_high;
  s[14] = V{} + size;
  s[15] = V{} + flags;
#pragma GCC unroll 7
  for (std::size_t round = 0; round < 7; ++round) {
    const auto& of = kSchedule[round];
    mix(s, 0, 4, 8, 12, m[of[0]], m[of[1]]);
    mix(s, 1, 5, 9, 13, m[of[2]], m[of[3]]);
    mix(s, 2, 6, 10, 14, m[of[4]], m[of[5]]);
    mix(s, 3, 7, 11, 15, m[of[6]], m[of[7]]);
    mix(s, 0, 5, 10, 15, m[of[8]], m[of[9]]);
    mix(s, 1, 6, 11, 12, m[of[10]], m[of[11]]);
    mix(s, 2, 7, 8, 13, m[of[12]], m[of[13]]);
    mix(s, 3, 4, 9, 14, m[of[14]], m[of[15]]);
  }
  for (int i = 0; i < 8; ++i) value[i] = s[i] ^ s[8 + i];
}

// 2.4: the chaining values of as many whole chunks as V has lanes, that follow each
// other.
template <typename V>
[[gnu::always_inline]] inline void hash_chunks(const std::uint8_t* data, std::uint64_t counter,
                                               Value* out) {
  constexpr unsigned kLanes = sizeof(V) / sizeof(Word);
  V value[8];
  for (std::size_t i = 0; i < 8; ++i) value[i] = V{} + kIv[i];
  V low{};
  V high{};
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    low[lane] = static_cast<Word>(counter + lane);
    high[lane] = static_cast<Word>((counter + lane) >> 32);
  }
  for (std::size_t block = 0; block < kChunk; block += kBlock) {
    V m[16];
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      Word words[16];
      std::memcpy(words, data + lane * kChunk + block, kBlock);
      for (unsigned i = 0; i < 16; ++i) m[i][lane] = words[i];
    }
    const Word flags = (block == 0 ? kChunkStart : 0) | (block + kBlock == kChunk ? kChunkEnd : 0);
    compress<V>(value, m, low, high, kBlock, flags);
  }
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    for (std::size_t i = 0; i < 8; ++i) out[lane][i] = value[i][lane];
  }
}

__attribute__((target("avx512f"))) void hash_16(const std::uint8_t* data, std::uint64_t counter,
                                                Value* out) {
  hash_chunks<Words16>(data, counter, out);
}
__attribute__((target("avx2"))) void hash_8(const std::uint8_t* data, std::uint64_t counter,
                                            Value* out) {
  hash_chunks<Words8>(data, counter, out);
}
void hash_4(const std::uint8_t* data, std::uint64_t counter, Value* out) {
  hash_chunks<Words4>(data, counter, out);
}

struct Wide {
  void (*hash)(const std::uint8_t*, std::uint64_t, Value*);
  std::size_t chunks;
};
Wide widest() {
  if (__builtin_cpu_supports("avx512f")) return {hash_16, 16};
  if (__builtin_cpu_supports("avx2")) return {hash_8, 8};
  return {hash_4, 4};
}

// One chunk, the last one as a rule: maybe not whole, maybe the root.
Value hash_chunk(ByteView data, std::uint64_t counter, Word root) {
  Value value = kIv;
  std::size_t at = 0;
  do {
    const std::size_t size = std::min(kBlock, data.size() - at);
    Word m[16] = {};
    if (size > 0) std::memcpy(m, data.data() + at, size);
    const bool last = at + size == data.size();
    const Word flags = (at == 0 ? kChunkStart : 0) | (last ? kChunkEnd | root : 0);
    compress<Word>(value.data(), m, static_cast<Word>(counter), static_cast<Word>(counter >> 32),
                   static_cast<Word>(size), flags);
    at += kBlock;
  } while (at < data.size());
  return value;
}

Value join(const Value& left, const Value& right, Word root) {
  Word m[16];
  std::memcpy(m, left.data(), 32);
  std::memcpy(m + 8, right.data(), 32);
  Value value = kIv;
  compress<Word>(value.data(), m, Word{0}, Word{0}, kBlock, kParent | root);
  return value;
}

// 2.1: a tree whose left sides are whole. `stack` holds the roots of the whole subtrees so far, as
// many as the number of chunks has ones.
struct Tree {
  std::array<Value, 64> stack;
  std::size_t depth = 0;
  std::uint64_t chunks = 0;

  void add(Value value) {
    ++chunks;
    for (std::uint64_t left = chunks; (left & 1) == 0; left >>= 1) {
      value = join(stack[--depth], value, 0);
    }
    stack[depth++] = value;
  }
};

}  // namespace

std::array<std::uint8_t, 32> blake3(ByteView data) {
  const Wide wide = widest();
  Tree tree;
  std::size_t at = 0;
  // The last chunk is kept back: it may be the root's right side.
  while (data.size() - at > wide.chunks * kChunk) {
    std::array<Value, 16> values;
    wide.hash(data.data() + at, tree.chunks, values.data());
    for (std::size_t i = 0; i < wide.chunks; ++i) tree.add(values[i]);
    at += wide.chunks * kChunk;
  }
  while (data.size() - at > kChunk) {
    tree.add(hash_chunk(data.subspan(at, kChunk), tree.chunks, 0));
    at += kChunk;
  }
  Value value = hash_chunk(data.subspan(at), tree.chunks, tree.depth == 0 ? kRoot : 0);
  while (tree.depth > 0) {
    --tree.depth;
    value = join(tree.stack[tree.depth], value, tree.depth == 0 ? kRoot : 0);
  }
  std::array<std::uint8_t, 32> out{};
  std::memcpy(out.data(), value.data(), out.size());
  return out;
}

}  // namespace ferry
