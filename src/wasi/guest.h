// Guest memory, with every access checked. A call touches guest memory through this and nothing
// else, and only with plain loads and stores: pages may be write-protected by the engine, which
// then sees a fault of ours, while the kernel would answer EFAULT to a system call that was given
// such a page. Private to src/wasi.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

#include "wasi/calls.h"

namespace ferry::wasi {

class Guest {
 public:
  explicit Guest(Memory memory) : base_(memory.base), size_(memory.size) {}

  // Whether [at, at + size) lies inside.
  bool has(std::uint64_t at, std::uint64_t size) const {
    return size <= size_ && at <= size_ - size;
  }

  // Only after has(at, …).
  std::uint8_t* at(std::uint32_t at) const { return base_ + at; }

  template <typename T>
  bool put(std::uint32_t at, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!has(at, sizeof(T))) return false;
    std::memcpy(base_ + at, &value, sizeof(T));
    return true;
  }

  template <typename T>
  bool get(std::uint32_t at, T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!has(at, sizeof(T))) return false;
    std::memcpy(&value, base_ + at, sizeof(T));
    return true;
  }

  bool put_bytes(std::uint32_t at, const void* data, std::size_t size) const {
    if (!has(at, size)) return false;
    if (size > 0) std::memcpy(base_ + at, data, size);
    return true;
  }

  bool view(std::uint32_t at, std::uint32_t size, std::string_view& out) const {
    if (!has(at, size)) return false;
    out = size == 0 ? std::string_view() : std::string_view(as_chars(at), size);
    return true;
  }

 private:
  const char* as_chars(std::uint32_t at) const { return reinterpret_cast<const char*>(base_ + at); }

  std::uint8_t* base_;
  std::size_t size_;
};

}  // namespace ferry::wasi
