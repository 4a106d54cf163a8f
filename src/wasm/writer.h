// Writes wasm: numbers, names, and edited copies of what was read.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/bytes.h"

namespace ferry::wasm {

void put_u32(Bytes& out, std::uint32_t value);  // LEB128
void put_s64(Bytes& out, std::int64_t value);
void put_name(Bytes& out, std::string_view name);
inline void put_bytes(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void put_bytes(Bytes& out, std::initializer_list<std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
// Id, length, contents.
void put_section(Bytes& out, std::uint8_t id, ByteView contents);

// A copy of `source` with some ranges replaced, from front to back. Borrows the source.
class Edit {
 public:
  explicit Edit(ByteView source, Bytes& out) : source_(source), out_(out) {}
  // Leaves out [begin, end); the caller then writes the replacement to the result.
  Bytes& replace(std::size_t begin, std::size_t end) {
    put_bytes(out_, source_.subspan(copied_, begin - copied_));
    copied_ = end;
    return out_;
  }
  void finish() { replace(source_.size(), source_.size()); }
  bool touched() const { return copied_ != 0; }

 private:
  ByteView source_;
  Bytes& out_;
  std::size_t copied_ = 0;
};

}  // namespace ferry::wasm
