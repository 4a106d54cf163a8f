// Watching pages by mprotect and SIGSEGV (fault_router.h). A guard answers for faults inside its
// memory only, of the thread that has entered it; other faults are handled by the engine.
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <sys/mman.h>

#include "base/fault_router.h"
#include "reset/page_guard.h"

namespace ferry::reset {
namespace {

class SignalGuard final : public PageGuard, private FaultAnswer {
 public:
  SignalGuard(std::uint8_t* base, std::size_t size)
      : base_(base), size_(size), watched_(size / kPage, 1) {}

  ~SignalGuard() override { set(0, watched_.size(), PROT_READ | PROT_WRITE); }

  bool protect_all() { return set(0, watched_.size(), PROT_READ); }

  void enter() override { thread_faults = this; }
  void leave() override { thread_faults = nullptr; }

  bool written(std::vector<PageIndex>& pages) override {
    pages.assign(written_.begin(), written_.begin() + count_);
    return !overflow_;
  }

  void protect(std::span<const PageIndex> pages) override {
    for_each_run(pages, [this](PageIndex first, std::size_t count) {
      if (!set(first, count, PROT_READ)) {
        overflow_ = true;
        return;
      }
      mark(first, count, 1);
    });
    count_ = 0;
  }

  void open(std::span<const PageIndex> pages) override {
    for_each_run(pages, [this](PageIndex first, std::size_t count) {
      // Out of mappings (vm.max_map_count): then nothing is known any more.
      overflow_ |= !set(first, count, PROT_READ | PROT_WRITE);
      mark(first, count, 0);
    });
  }

  // In the signal handler: async-signal-safe calls and our own arrays only.
  bool on_fault(std::uintptr_t at, FaultKind /*kind*/) override {
    auto start = reinterpret_cast<std::uintptr_t>(base_);
    if (at < start || at - start >= size_) {
      return false;
    }
    auto page = static_cast<PageIndex>((at - start) / kPage);
    if (watched_[page] == 0) {
      return false;  // it may be written; the fault is about something else
    }
    if (count_ == written_.size()) {
      // So many that a new instance is cheaper: stop watching, and report it afterwards.
      overflow_ = true;
      mark(0, watched_.size(), 0);
      return set(0, watched_.size(), PROT_READ | PROT_WRITE);
    }
    written_[count_++] = page;
    watched_[page] = 0;
    return set(page, 1, PROT_READ | PROT_WRITE);
  }

 private:
  bool set(std::size_t first, std::size_t count, int protection) {
    return ::mprotect(base_ + first * kPage, count * kPage, protection) == 0;
  }
  void mark(std::size_t first, std::size_t count, std::uint8_t value) {
    for (std::size_t i = first; i < first + count; ++i) {
      watched_[i] = value;
    }
  }

  std::uint8_t* base_;
  std::size_t size_;
  std::vector<std::uint8_t> watched_;  // a byte a page: read and written in the handler
  std::array<PageIndex, 2048> written_{};
  std::size_t count_ = 0;
  bool overflow_ = false;
};

}  // namespace

Result<std::unique_ptr<PageGuard>> make_signal_guard(std::uint8_t* base, std::size_t size) {
  FERRY_CHECK_OK(take_faults());
  auto guard = std::make_unique<SignalGuard>(base, size);
  if (!guard->protect_all()) {
    return Error{Code::kUnsupported,
                 fmt::format("protect {} bytes of guest memory: mprotect failed ({})", size, errno),
                 ""};
  }
  return std::unique_ptr<PageGuard>(std::move(guard));
}

}  // namespace ferry::reset
