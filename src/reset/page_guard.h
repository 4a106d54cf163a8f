// Finds which pages of a guest's memory an event wrote, so that only those are reset. Two ways:
//
//   signal     pages are read-only; a write raises SIGSEGV, is noted, allowed, and undone later.
//              Works on any kernel and in any container.
//   userfault  userfaultfd write protection, resolved in the kernel, read by PAGEMAP_SCAN
//              (Linux 6.7). No signal, but a scan for each event.
//
// A guard belongs to one kept instance and is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ferry::reset {

inline constexpr std::size_t kPage = 4096;
using PageIndex = std::uint32_t;

class PageGuard {
 public:
  virtual ~PageGuard() = default;

  // While a guest runs on this thread (and while our own calls write to its memory for it).
  virtual void enter() = 0;
  virtual void leave() = 0;

  // Pages written since the last protect(), without those that are open. False: there were more
  // than can be listed, and nothing is known.
  virtual bool written(std::vector<PageIndex>& pages) = 0;

  // These pages are watched again from now on. Sorted, without repetition.
  virtual void protect(std::span<const PageIndex> pages) = 0;
  // These may be written freely and are no longer reported (written at nearly every event, they
  // are reset each time without asking).
  virtual void open(std::span<const PageIndex> pages) = 0;
};

enum class GuardKind : unsigned char { kSignal, kUserfault };
std::string_view guard_name(GuardKind kind);

// Watches [base, base + size), both multiples of kPage; all of it is protected at first, and
// writable again when the guard goes. kUnsupported where the kernel or a seccomp profile does not
// let us.
Result<std::unique_ptr<PageGuard>> make_page_guard(GuardKind kind, std::uint8_t* base,
                                                   std::size_t size);

// The two ways themselves; make_page_guard() chooses and has checked the arguments.
Result<std::unique_ptr<PageGuard>> make_signal_guard(std::uint8_t* base, std::size_t size);
Result<std::unique_ptr<PageGuard>> make_userfault_guard(std::uint8_t* base, std::size_t size);

// Calls `each(first, count)` for every run of neighbouring pages in a sorted list.
template <typename Each>
void for_each_run(std::span<const PageIndex> pages, Each each) {
  for (std::size_t i = 0; i < pages.size();) {
    std::size_t end = i + 1;
    while (end < pages.size() && pages[end] == pages[end - 1] + 1) {
      ++end;
    }
    each(pages[i], end - i);
    i = end;
  }
}

}  // namespace ferry::reset
