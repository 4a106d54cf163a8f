// Reads wasm's numbers and strings from untrusted bytes (core 2.0, 5.2).
//
// The first thing that does not fit is kept as the error and the reader then is at its end,
// so that every loop over it ends; what it returns from then on is 0 or empty. Ask ok() before
// using anything. A reader borrows its bytes; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferry::wasm {

class Reader {
 public:
  // `base` is where the bytes are in the file: offsets in messages count from the file's start.
  explicit Reader(ByteView bytes, std::size_t base = 0)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()), base_(base) {}

  bool ok() const { return message_.empty(); }
  bool done() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  // In the bytes given, and in the file.
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t offset() const { return base_ + position(); }

  std::uint8_t byte() {
    if (at_ == end_) {
      fail_short();
      return 0;
    }
    return *at_++;
  }
  // LEB128, at most as many bytes as the width needs, no stray bits behind the last.
  std::uint32_t u32() {
    if (at_ != end_ && *at_ < 0x80) {
      return *at_++;
    }
    return static_cast<std::uint32_t>(leb(32, false));
  }
  std::uint64_t u64() {
    if (at_ != end_ && *at_ < 0x80) {
      return *at_++;
    }
    return leb(64, false);
  }
  std::int32_t s32() { return static_cast<std::int32_t>(signed_leb(32)); }
  std::int64_t s33() { return signed_leb(33); }
  std::int64_t s64() { return signed_leb(64); }

  void skip(std::size_t count) { bytes(count); }
  ByteView bytes(std::size_t count);
  // A length and that many bytes of UTF-8. The text is borrowed.
  std::string_view name();
  // The length of a vector whose elements take a byte or more each; at most `most` of them.
  std::uint32_t count(std::string_view what, std::uint32_t most);

  // Keeps the first failure; `where` is an offset in the file.
  void fail(std::string message) { fail_at(offset(), std::move(message)); }
  void fail_at(std::size_t where, std::string message);
  // The same for what a newer version of the standard, or a proposal, allows: kUnsupported.
  void fail_unsupported(std::size_t where, std::string_view proposal, std::string_view hint);
  // kInvalid, or kUnsupported for what is well formed and beyond us: "at offset 17: …". Only when
  // not ok().
  Error error() const;

 private:
  std::int64_t signed_leb(unsigned bits) {
    if (at_ != end_ && *at_ < 0x80) {
      const std::int64_t byte = *at_++;
      return byte - ((byte & 0x40) << 1);
    }
    return static_cast<std::int64_t>(leb(bits, true));
  }
  std::uint64_t leb(unsigned bits, bool is_signed);
  void fail_short();

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::size_t base_;
  std::size_t error_offset_ = 0;
  std::string message_;
  std::string hint_;
  Code code_ = Code::kInvalid;
};

}  // namespace ferry::wasm
