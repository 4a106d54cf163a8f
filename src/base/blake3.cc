#include "base/blake3.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "base/cpu_features.h"

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

// AVX2 cannot rotate, but it can move bytes.
[[gnu::always_inline]] inline void xor_rotate(Words8& x, const Words8& with, int by) {
  using Bytes32 = std::uint8_t __attribute__((vector_size(32)));
  x ^= with;
  if (by != 16 && by != 8) {
    x = (x >> by) | (x << (32 - by));
    return;
  }
  Bytes32 bytes;
  std::memcpy(&bytes, &x, sizeof x);
  if (by == 16) {
    bytes =
        __builtin_shufflevector(bytes, bytes, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
                                18, 19, 16, 17, 22, 23, 20, 21, 26, 27, 24, 25, 30, 31, 28, 29);
  } else {
    bytes =
        __builtin_shufflevector(bytes, bytes, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
                                17, 18, 19, 16, 21, 22, 23, 20, 25, 26, 27, 24, 29, 30, 31, 28);
  }
  std::memcpy(&x, &bytes, sizeof x);
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
  V s[16] = {};
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

Value join(const Value& left, const Value& right, Word root) {
  Word m[16];
  std::memcpy(m, left.data(), 32);
  std::memcpy(m + 8, right.data(), 32);
  Value value = kIv;
  compress<Word>(value.data(), m, Word{0}, Word{0}, kBlock, kParent | root);
  return value;
}

// The first halves of two vectors by turns, and the second halves.
template <typename V, std::size_t... kAt>
[[gnu::always_inline]] inline void interleave(V& a, V& b, std::index_sequence<kAt...> /*lanes*/) {
  constexpr std::size_t kLanes = sizeof...(kAt);
  const V low = __builtin_shufflevector(a, b, (kAt / 2 + kAt % 2 * kLanes)...);
  b = __builtin_shufflevector(a, b, ((kAt + kLanes) / 2 + kAt % 2 * kLanes)...);
  a = low;
}

// Rows become columns.
template <typename V>
[[gnu::always_inline]] inline void transpose(V* rows) {
  constexpr std::size_t kLanes = sizeof(V) / sizeof(Word);
#pragma GCC unroll 4
  for (std::size_t stage = 1; stage < kLanes; stage *= 2) {
    V next[kLanes];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = rows[i];
      next[2 * i + 1] = rows[i + kLanes / 2];
      interleave(next[2 * i], next[2 * i + 1], std::make_index_sequence<kLanes>());
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kLanes; ++i) rows[i] = next[i];
  }
}

// Where each lane's bytes lie: `stride` from one to the next.
struct InARow {
  const std::uint8_t* data;
  std::size_t stride;
  [[gnu::always_inline]] const std::uint8_t* at(std::size_t lane) const {
    return data + lane * stride;
  }
};
// The four chunks of a page for each four lanes, from pages that may lie anywhere.
struct OfPages {
  const std::uint8_t* const* pages;
  [[gnu::always_inline]] const std::uint8_t* at(std::size_t lane) const {
    return pages[lane / 4] + lane % 4 * kChunk;
  }
};

// The block `offset` bytes behind the start of each lane: word i of each in m[i].
template <typename V, typename Lanes>
[[gnu::always_inline]] inline void load_blocks(const Lanes& lanes, std::size_t offset, V* m) {
  constexpr std::size_t kLanes = sizeof(V) / sizeof(Word);
#pragma GCC unroll 4
  for (std::size_t part = 0; part < kBlock / sizeof(V); ++part) {
#pragma GCC unroll 16
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      std::memcpy(&m[part * kLanes + lane], lanes.at(lane) + offset + part * sizeof(V), sizeof(V));
    }
    transpose(m + part * kLanes);
  }
}

template <typename V>
[[gnu::always_inline]] inline void store_values(const V* value, Value* out) {
  constexpr std::size_t kLanes = sizeof(V) / sizeof(Word);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    for (std::size_t i = 0; i < 8; ++i) out[lane][i] = value[i][lane];
  }
}

// 2.4: the chaining values of as many whole chunks as V has lanes. After them those of the next so
// many lanes are read.
template <typename V, typename Lanes>
[[gnu::always_inline]] inline void hash_lanes(const Lanes& lanes, const V& low, const V& high,
                                              Value* out) {
  constexpr unsigned kLanes = sizeof(V) / sizeof(Word);
  V value[8];
  for (std::size_t i = 0; i < 8; ++i) value[i] = V{} + kIv[i];
  for (std::size_t block = 0; block < kChunk; block += kBlock) {
    V m[16];
    load_blocks(lanes, block, m);
    // What comes next lies in so many places that the CPU does not fetch it ahead by itself.
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      __builtin_prefetch(lanes.at(kLanes + lane) + block);
    }
    const Word flags = (block == 0 ? kChunkStart : 0) | (block + kBlock == kChunk ? kChunkEnd : 0);
    compress<V>(value, m, low, high, kBlock, flags);
  }
  store_values(value, out);
}

// The same of chunks that follow each other.
template <typename V>
[[gnu::always_inline]] inline void hash_chunks(const std::uint8_t* data, std::uint64_t counter,
                                               Value* out) {
  constexpr unsigned kLanes = sizeof(V) / sizeof(Word);
  V low{};
  V high{};
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    low[lane] = static_cast<Word>(counter + lane);
    high[lane] = static_cast<Word>((counter + lane) >> 32);
  }
  hash_lanes<V>(InARow{data, kChunk}, low, high, out);
}

// 2.5: as many parents as V has lanes, of twice as many children: all of them roots, or none.
template <typename V>
[[gnu::always_inline]] inline void join_all(const Value* children, Value* out, Word root = 0) {
  V value[8];
  for (std::size_t i = 0; i < 8; ++i) value[i] = V{} + kIv[i];
  V m[16];
  load_blocks(InARow{reinterpret_cast<const std::uint8_t*>(children), kBlock}, 0, m);
  compress<V>(value, m, V{}, V{}, kBlock, kParent | root);
  store_values(value, out);
}

// Of up to 16 pages, each its own tree: four chunks, two parents, the root.
constexpr std::size_t kPagesAtOnce = 16;
template <typename V>
[[gnu::always_inline]] inline void hash_pages(const std::uint8_t* const* pages, std::size_t count,
                                              Value* out) {
  constexpr std::size_t kLanes = sizeof(V) / sizeof(Word);
  Value chunks[4 * kPagesAtOnce];
  Value joined[2 * kPagesAtOnce];
  V low{};
  for (unsigned lane = 0; lane < kLanes; ++lane) low[lane] = lane % 4;
  for (std::size_t at = 0; at < 4 * count; at += kLanes) {
    hash_lanes<V>(OfPages{pages + at / 4}, low, V{}, chunks + at);
  }
  for (std::size_t at = 0; at < 2 * count; at += kLanes) join_all<V>(chunks + 2 * at, joined + at);
  for (std::size_t at = 0; at < count; at += kLanes) join_all<V>(joined + 2 * at, out + at, kRoot);
}

// Of 64, 16, 8 and 4 chunks: the two halves of their tree. 64, since joining takes as long as a
// block, of however many lanes: it should be done to many at once.
#if defined(__x86_64__)
__attribute__((target("avx512f"))) void hash_64(const std::uint8_t* data, std::uint64_t counter,
                                                Value* out) {
  Value chunks[64];
  Value joined[32];
  for (unsigned at = 0; at < 64; at += 16) {
    hash_chunks<Words16>(data + at * kChunk, counter + at, chunks + at);
  }
  for (unsigned at = 0; at < 32; at += 16) join_all<Words16>(chunks + 2 * at, joined + at);
  join_all<Words16>(joined, chunks);
  join_all<Words8>(chunks, joined);
  join_all<Words4>(joined, chunks);
  out[0] = join(chunks[0], chunks[1], 0);
  out[1] = join(chunks[2], chunks[3], 0);
}
__attribute__((target("avx512f"))) void hash_16(const std::uint8_t* data, std::uint64_t counter,
                                                Value* out) {
  Value chunks[16];
  Value pairs[8];
  Value fours[4];
  hash_chunks<Words16>(data, counter, chunks);
  join_all<Words8>(chunks, pairs);
  join_all<Words4>(pairs, fours);
  out[0] = join(fours[0], fours[1], 0);
  out[1] = join(fours[2], fours[3], 0);
}
__attribute__((target("avx2"))) void hash_8(const std::uint8_t* data, std::uint64_t counter,
                                            Value* out) {
  Value chunks[8];
  Value pairs[4];
  hash_chunks<Words8>(data, counter, chunks);
  join_all<Words4>(chunks, pairs);
  out[0] = join(pairs[0], pairs[1], 0);
  out[1] = join(pairs[2], pairs[3], 0);
}
#endif
void hash_4(const std::uint8_t* data, std::uint64_t counter, Value* out) {
  Value chunks[4];
  hash_chunks<Words4>(data, counter, chunks);
  out[0] = join(chunks[0], chunks[1], 0);
  out[1] = join(chunks[2], chunks[3], 0);
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) void pages_by_16(const std::uint8_t* const* pages,
                                                    std::size_t count, Value* out) {
  hash_pages<Words16>(pages, count, out);
}
__attribute__((target("avx2"))) void pages_by_8(const std::uint8_t* const* pages, std::size_t count,
                                                Value* out) {
  hash_pages<Words8>(pages, count, out);
}
#endif
void pages_by_4(const std::uint8_t* const* pages, std::size_t count, Value* out) {
  hash_pages<Words4>(pages, count, out);
}

struct Wide {
  void (*hash)(const std::uint8_t*, std::uint64_t, Value*);
  std::size_t chunks;
  unsigned level;  // of the two values: each stands for 2^level chunks
};

#if defined(__x86_64__)
constexpr std::array<Wide, 4> kWide = {
    Wide{hash_64, 64, 5}, {hash_16, 16, 3}, {hash_8, 8, 2}, {hash_4, 4, 1}};
constexpr std::array kPages = {pages_by_16, pages_by_16, pages_by_8, pages_by_4};  // as kWide

// The first of kWide that this CPU can; it can all that follow, too.
const std::size_t widest = [] {
  if (CPU_FEATURE_ACTIVE(AVX512F)) return 0u;
  return CPU_FEATURE_ACTIVE(AVX2) ? 2u : 3u;
}();
#else
// Four lanes are what every CPU has: SSE2, Advanced SIMD.
constexpr std::array<Wide, 1> kWide = {Wide{hash_4, 4, 1}};
constexpr std::array kPages = {pages_by_4};
constexpr std::size_t widest = 0;
#endif

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

// 2.1: a tree whose left sides are whole. `stack` holds the roots of the whole subtrees so far, as
// many as the number of chunks has ones. The newest value waits outside, since what it is joined
// with last may be the root.
class Tree {
 public:
  // `level`: the value stands for 2^level chunks, and that many divides what was added before.
  void add(const Value& value, unsigned level) {
    settle();
    newest_ = value;
    level_ = level;
  }

  std::uint64_t chunks() const { return chunks_ + (level_ ? std::uint64_t{1} << *level_ : 0); }

  Value root() const {
    Value value = newest_;
    for (std::size_t i = depth_; i > 0; --i) value = join(stack_[i - 1], value, i == 1 ? kRoot : 0);
    return value;
  }

 private:
  void settle() {
    if (!level_) return;
    Value value = newest_;
    chunks_ += std::uint64_t{1} << *level_;
    for (std::uint64_t left = chunks_ >> *level_; (left & 1) == 0; left >>= 1) {
      value = join(stack_[--depth_], value, 0);
    }
    stack_[depth_++] = value;
    level_.reset();
  }

  std::array<Value, 64> stack_;
  std::size_t depth_ = 0;
  std::uint64_t chunks_ = 0;  // in the stack
  Value newest_{};
  std::optional<unsigned> level_;
};

}  // namespace

void blake3_pages(std::span<const std::uint8_t* const> pages, std::array<std::uint8_t, 32>* out) {
  while (!pages.empty()) {
    const std::size_t count = std::min(pages.size(), kPagesAtOnce);
    // Lanes without a page of their own, and what is fetched ahead, take the last one.
    std::array<const std::uint8_t*, 2 * kPagesAtOnce> padded;
    for (std::size_t i = 0; i < padded.size(); ++i) {
      padded[i] = pages[std::min(i, pages.size() - 1)];
    }
    std::array<Value, kPagesAtOnce> roots;
    kPages[widest](padded.data(), count, roots.data());
    std::memcpy(out, roots.data(), count * sizeof(Value));
    pages = pages.subspan(count);
    out += count;
  }
}

std::array<std::uint8_t, 32> blake3(ByteView data) {
  Tree tree;
  std::size_t at = 0;
  for (std::size_t i = widest; i < kWide.size(); ++i) {
    const Wide& wide = kWide[i];
    while (data.size() - at >= wide.chunks * kChunk) {
      std::array<Value, 2> halves;
      wide.hash(data.data() + at, tree.chunks(), halves.data());
      tree.add(halves[0], wide.level);
      tree.add(halves[1], wide.level);
      at += wide.chunks * kChunk;
    }
  }
  while (data.size() - at > kChunk) {
    tree.add(hash_chunk(data.subspan(at, kChunk), tree.chunks(), 0), 0);
    at += kChunk;
  }
  if (at < data.size() || at == 0) {
    tree.add(hash_chunk(data.subspan(at), tree.chunks(), at == 0 ? kRoot : 0), 0);
  }
  const Value value = tree.root();
  std::array<std::uint8_t, 32> out{};
  std::memcpy(out.data(), value.data(), out.size());
  return out;
}

}  // namespace ferry
