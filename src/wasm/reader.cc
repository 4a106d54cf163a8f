#include "wasm/reader.h"

#include <fmt/format.h>

namespace ferry::wasm {

void Reader::fail_at(std::size_t where, std::string message) {
  if (message_.empty()) {
    error_offset_ = where;
    message_ = std::move(message);
  }
  at_ = end_;
}

void Reader::fail_unsupported(std::size_t where, std::string_view proposal, std::string_view hint) {
  if (message_.empty()) {
    code_ = Code::kUnsupported;
    hint_ = hint;
  }
  fail_at(where, fmt::format("it uses {}, which no engine here runs", proposal));
}

void Reader::fail_short() { fail("the bytes end too soon: truncated, or a wrong length before"); }

Error Reader::error() const {
  return Error{code_, fmt::format("at offset {}: {}", error_offset_, message_), hint_};
}

std::uint64_t Reader::leb(unsigned bits, bool is_signed) {
  const std::size_t start = offset();
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (;;) {
    std::uint8_t byte = this->byte();
    if (!ok()) {
      return 0;
    }
    value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
    const bool last = (byte & 0x80u) == 0;
    if (shift + 7 >= bits) {
      // The last byte there may be: bits past the width must be zero, or the sign.
      const unsigned used = bits - shift;
      const unsigned payload = byte & 0x7Fu;
      const unsigned above = is_signed ? payload >> (used - 1) : payload >> used;
      const unsigned all_ones = is_signed ? 0x7Fu >> (used - 1) : 0;
      if (!last || (above != 0 && (!is_signed || above != all_ones))) {
        fail_at(start, fmt::format("a number does not fit in {} bits", bits));
        return 0;
      }
    }
    shift += 7;
    if (last) {
      if (is_signed && shift < 64 && (byte & 0x40u) != 0) {
        value |= ~std::uint64_t{0} << shift;
      }
      return value;
    }
  }
}

ByteView Reader::bytes(std::size_t count) {
  if (count > left()) {
    fail(fmt::format("{} bytes wanted, {} are left", count, left()));
    return {};
  }
  ByteView out(at_, count);
  at_ += count;
  return out;
}

std::string_view Reader::name() {
  const std::size_t start = offset();
  std::string_view text = as_text(bytes(u32()));
  if (ok() && !is_utf8(text)) {
    fail_at(start, "a name is not UTF-8");
    return {};
  }
  return ok() ? text : std::string_view{};
}

std::uint32_t Reader::count(std::string_view what, std::uint32_t most) {
  const std::size_t start = offset();
  std::uint32_t count = u32();
  if (!ok()) {
    return 0;
  }
  if (count > left()) {
    fail_at(start, fmt::format("{} {} in {} bytes", count, what, left()));
    return 0;
  }
  if (count > most) {
    fail_at(start, fmt::format("{} {}, more than the {} that any engine takes", count, what, most));
    return 0;
  }
  return count;
}

}  // namespace ferry::wasm
