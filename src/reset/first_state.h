// The first state of a module's instances, kept beside them: the memory image and the mutable
// globals as they are after instantiation, before any code of the guest ran. The same for every
// instance, hence one a module, shared and never changed once taken (except for what is learned
// about its pages, which is behind a mutex).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "reset/memory_use.h"
#include "reset/page_guard.h"

namespace ferry::reset {

class FirstState {
 public:
  // Copies the state of a fresh instance. `globals`: names of the exports to reset; `total`: what
  // its memory counts for. Fails with kUnsupported when the memory is larger than kMaxImage or a
  // global cannot be reached.
  static Result<std::shared_ptr<FirstState>> take(engine::Instance& fresh,
                                                  const std::vector<std::string>& globals,
                                                  const MemoryTotal& total = nullptr);
  ~FirstState();
  FirstState(const FirstState&) = delete;
  FirstState& operator=(const FirstState&) = delete;

  static constexpr std::size_t kMaxImage = std::size_t{256} << 20;

  const std::uint8_t* image() const { return image_; }
  // Makes a page of an instance's memory what it was at first.
  void put_back(std::uint8_t* memory, PageIndex page) const;
  std::size_t size() const { return size_; }
  const std::vector<std::string>& global_names() const { return global_names_; }
  std::span<const std::uint64_t> global_values() const { return global_values_; }

  // Pages that nearly every event writes. An instance reports the pages that it saw written
  // (`learn`), and gets the current hot ones (`hot`, sorted).
  void learn(std::span<const PageIndex> written);
  std::vector<PageIndex> hot() const;

 private:
  explicit FirstState(const MemoryTotal& total) : use_(total) {}

  MemoryUse use_;
  std::uint8_t* image_ = nullptr;  // our own mapping; pages that are zero take no memory
  std::size_t size_ = 0;
  // A page: a bit for each of its 64 lines that is copied; the others were zeros. Most of what
  // guests write was zeros at first (stack, heap), and zeros need not be read to be written.
  std::vector<std::uint64_t> lines_;
  std::vector<std::string> global_names_;
  std::vector<std::uint64_t> global_values_;

  mutable std::mutex mutex_;
  std::vector<std::uint8_t> seen_;  // a page: how often it was seen written, saturating
  std::vector<PageIndex> hot_;
};

}  // namespace ferry::reset
