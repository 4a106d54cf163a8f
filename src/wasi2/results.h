// The result of one call on its way into guest memory (CanonicalABI.md, "Storing"). A result that
// holds strings or lists needs memory that only the guest's realloc can give, and the host never
// calls the guest while it is being called: so the result waits here, in blocks, until the guest
// has asked for the size of each (ferry:abi.alloc_next) and handed it over (alloc_give). With the
// last block everything is written. Private to src/wasi2.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "wasi/guest.h"

namespace ferry::wasi2 {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

inline constexpr u64 kSecond = 1'000'000'000;  // in nanoseconds, which WASI counts in

// How the function's strings are encoded (CanonicalABI.md, canonopt string-encoding).
enum class Encoding : u32 { kUtf8 = 0, kUtf16 = 1, kLatin1OrUtf16 = 2 };

class Results {
 public:
  void reset();

  // Starts the result at `at` in guest memory. Its fields are then put at offsets from 0; bytes
  // between them are zero.
  void begin(u32 at, u32 size);

  template <typename T>
  void put(u32 offset, T value) {
    std::memcpy(arena_.data() + offset, &value, sizeof(T));
  }

  // Puts a pointer and a length at `offset`, and makes room for the elements elsewhere; returns the
  // offset where they begin.
  u32 list(u32 offset, u32 count, u32 element_size, u32 alignment);
  // list<u8>. `borrowed` bytes must stay where they are until the result is written.
  void bytes(u32 offset, std::string_view borrowed);
  void copied_bytes(u32 offset, std::string_view bytes);
  void random_bytes(u32 offset, u32 count);
  // UTF-8 in, of this encoding out.
  void text(u32 offset, std::string_view utf8, Encoding encoding);

  // Whether blocks are to be handed over before anything else may be called.
  bool pending() const { return next_ < blocks_.size(); }
  // The next block, `alignment << 32 | size`; 0: none.
  u64 next() const;
  // Why the block could not be taken: it is misaligned or outside of memory. Null: taken.
  const char* give(u32 at, wasi::Guest guest);

  // Fills random bytes; false: the guest is to be ended.
  using Fill = std::function<bool(std::span<u8>)>;
  // Writes the result, unless it waits for blocks. False where `fill` says so, and where the
  // guest's memory has no room for it, which begin() and give() have seen to.
  bool finish(wasi::Guest guest, const Fill& fill);

 private:
  enum class Source : u8 { kArena, kBorrowed, kRandom };
  struct Block {
    u32 size = 0;
    u32 alignment = 1;
    u32 at = 0;     // in guest memory, once given
    u32 arena = 0;  // kArena: where its bytes are
    const char* borrowed = nullptr;
    Source source = Source::kArena;
  };
  struct Pointer {
    u32 arena = 0;  // where it is to be put
    u32 block = 0;  // what it points to
  };

  u32 add(u32 offset, const Block& block, u32 length);
  void skip_empty();

  bool begun_ = false;
  u32 root_at_ = 0;
  u32 root_size_ = 0;
  Bytes arena_;  // the result itself, then the blocks that are made here
  std::vector<Block> blocks_;
  std::vector<Pointer> pointers_;
  std::size_t next_ = 0;  // of the blocks, the first that was not given yet
};

}  // namespace ferry::wasi2
