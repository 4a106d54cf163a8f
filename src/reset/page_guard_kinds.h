// The ways to watch pages; only page_guard.cc chooses between them.
#pragma once

#include "reset/page_guard.h"

namespace ferry::reset {

Result<std::unique_ptr<PageGuard>> make_signal_guard(std::uint8_t* base, std::size_t size);
Result<std::unique_ptr<PageGuard>> make_userfault_guard(std::uint8_t* base, std::size_t size);

}  // namespace ferry::reset
