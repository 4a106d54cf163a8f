// The first state of a module's instances, kept beside them: the memory image and the mutable
// globals as they are after instantiation, before any code of the guest ran. The same for every
// instance, hence one a module, shared and never changed once taken (except for what is learned
// about its pages).
#pragma once

#include <atomic>
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
  // The same without a copy: keeps the instance, which then runs nothing. For engines whose
  // instances share the pages that they have not written (Capabilities::shares_images).
  static Result<std::shared_ptr<FirstState>> hold(std::unique_ptr<engine::Instance> fresh,
                                                  const std::vector<std::string>& globals);
  ~FirstState();
  FirstState(const FirstState&) = delete;
  FirstState& operator=(const FirstState&) = delete;

  static constexpr std::size_t kMaxImage = std::size_t{256} << 20;

  // From this size on an image is worth an instance of the engine's.
  static constexpr std::size_t kLeastHeld = std::size_t{4} << 20;

  bool holds_instance() const { return held_ != nullptr; }
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
  // Which lines of a page are copied, found when the page is first put back.
  struct Lines {
    std::atomic<bool> known{false};
    std::atomic<std::uint64_t> bits{0};
  };

  explicit FirstState(const MemoryTotal& total) : use_(total) {}
  Status read_globals(engine::Instance& fresh, const std::vector<std::string>& globals);
  [[gnu::noinline]] std::uint64_t learn_lines(PageIndex page) const;

  MemoryUse use_;
  std::unique_ptr<engine::Instance> held_;  // whose memory the image is; or null
  std::uint8_t* image_ = nullptr;           // else our own mapping; zeros take no memory there
  std::size_t size_ = 0;
  // A page: a bit for each of its 64 lines that is copied; the others were zeros. Most of what
  // guests write was zeros at first (stack, heap), and zeros need not be read to be written.
  mutable std::vector<Lines> lines_;
  std::vector<std::string> global_names_;
  std::vector<std::uint64_t> global_values_;

  mutable std::mutex mutex_;
  std::vector<std::uint8_t> seen_;  // a page: how often it was seen written, saturating
  std::vector<PageIndex> hot_;
};

}  // namespace ferry::reset
