#include "wasi2/results.h"

#include <algorithm>
#include <array>

#include "wasi2/text.h"

namespace ferry::wasi2 {

void Results::reset() {
  begun_ = false;
  blocks_.clear();
  pointers_.clear();
  next_ = 0;
}

void Results::begin(u32 at, u32 size) {
  reset();
  begun_ = true;
  root_at_ = at;
  root_size_ = size;
  arena_.assign(size, 0);
}

u32 Results::add(u32 offset, const Block& block, u32 length) {
  pointers_.push_back({offset, static_cast<u32>(blocks_.size())});
  put(offset + 4, length);
  blocks_.push_back(block);
  // An empty block needs no memory: any aligned address will do.
  if (block.size == 0) blocks_.back().at = block.alignment;
  return block.arena;
}

u32 Results::list(u32 offset, u32 count, u32 element_size, u32 alignment) {
  const auto arena = static_cast<u32>(arena_.size());
  const u32 size = count * element_size;
  arena_.resize(arena_.size() + size, 0);
  return add(offset, {.size = size, .alignment = alignment, .arena = arena}, count);
}

void Results::bytes(u32 offset, std::string_view borrowed) {
  const auto size = static_cast<u32>(borrowed.size());
  add(offset, {.size = size, .borrowed = borrowed.data(), .source = Source::kBorrowed}, size);
}

void Results::copied_bytes(u32 offset, std::string_view bytes) {
  const u32 arena = list(offset, static_cast<u32>(bytes.size()), 1, 1);
  if (!bytes.empty()) std::memcpy(arena_.data() + arena, bytes.data(), bytes.size());
}

void Results::random_bytes(u32 offset, u32 count) {
  add(offset, {.size = count, .source = Source::kRandom}, count);
}

void Results::text(u32 offset, std::string_view utf8, Encoding encoding) {
  if (encoding == Encoding::kUtf8) {
    copied_bytes(offset, utf8);
    return;
  }
  const EncodedText encoded = encode_text(utf8, encoding);
  const u32 arena = list(offset, static_cast<u32>(encoded.bytes.size()), 1, 2);
  if (!encoded.bytes.empty()) {
    std::memcpy(arena_.data() + arena, encoded.bytes.data(), encoded.bytes.size());
  }
  put(offset + 4, encoded.length);
}

void Results::skip_empty() {
  while (next_ < blocks_.size() && blocks_[next_].size == 0) ++next_;
}

u64 Results::next() const {
  if (!pending()) return 0;
  return u64{blocks_[next_].alignment} << 32 | blocks_[next_].size;
}

const char* Results::give(u32 at, wasi::Guest guest) {
  Block& block = blocks_[next_];
  if (at % block.alignment != 0) return "realloc returned a pointer that is not aligned";
  if (!guest.has(at, block.size)) return "realloc returned a pointer outside of memory";
  block.at = at;
  ++next_;
  return nullptr;
}

bool Results::finish(wasi::Guest guest, const Fill& fill) {
  skip_empty();
  if (!begun_ || pending()) return true;
  begun_ = false;
  for (const Pointer& pointer : pointers_) put(pointer.arena, blocks_[pointer.block].at);
  if (!guest.put_bytes(root_at_, arena_.data(), root_size_)) return false;
  for (const Block& block : blocks_) {
    if (block.size == 0) continue;
    switch (block.source) {
      case Source::kArena:
        if (!guest.put_bytes(block.at, arena_.data() + block.arena, block.size)) return false;
        break;
      case Source::kBorrowed:
        if (!guest.put_bytes(block.at, block.borrowed, block.size)) return false;
        break;
      case Source::kRandom: {
        std::array<u8, 4096> room;
        for (u32 done = 0; done < block.size;) {
          const u32 part = std::min<u32>(block.size - done, room.size());
          if (!fill({room.data(), part})) return false;
          if (!guest.put_bytes(block.at + done, room.data(), part)) return false;
          done += part;
        }
        break;
      }
    }
  }
  return true;
}

}  // namespace ferry::wasi2
