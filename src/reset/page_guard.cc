#include "reset/page_guard.h"

#include <unistd.h>

namespace ferry::reset {

std::string_view guard_name(GuardKind kind) {
  return kind == GuardKind::kSignal ? "signal" : "userfault";
}

Result<std::unique_ptr<PageGuard>> make_page_guard(GuardKind kind, std::uint8_t* base,
                                                   std::size_t size) {
  if (::sysconf(_SC_PAGESIZE) != kPage) {
    return Error{Code::kUnsupported, "this kernel's pages are not of 4 KiB", ""};
  }
  if (base == nullptr || size == 0 || reinterpret_cast<std::uintptr_t>(base) % kPage != 0 ||
      size % kPage != 0 || size / kPage > UINT32_MAX) {
    return Error{Code::kUnsupported, "the memory cannot be watched by pages", ""};
  }
  return kind == GuardKind::kSignal ? make_signal_guard(base, size)
                                    : make_userfault_guard(base, size);
}

}  // namespace ferry::reset
