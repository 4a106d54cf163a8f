// Bytes that something holds, as its part of a total that many share. Used by one thread at a time,
// the total by any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace ferry::reset {

// Shared: what is counted may outlive who counts.
using MemoryTotal = std::shared_ptr<std::atomic<std::uint64_t>>;

class MemoryUse {
 public:
  MemoryUse() = default;
  explicit MemoryUse(MemoryTotal total) : total_(std::move(total)) {}
  ~MemoryUse() { set(0); }
  MemoryUse(const MemoryUse&) = delete;
  MemoryUse& operator=(const MemoryUse&) = delete;

  void set(std::uint64_t bytes) {
    if (total_ == nullptr || bytes == bytes_) return;
    total_->fetch_add(bytes - bytes_, std::memory_order_relaxed);  // wraps where it is less
    bytes_ = bytes;
  }

 private:
  MemoryTotal total_;
  std::uint64_t bytes_ = 0;
};

}  // namespace ferry::reset
