// The ways of finding written pages that this machine has. userfaultfd is missing in older kernels,
// in many containers and under QEMU: cases then run by the other way alone, and the test of the
// guards themselves (tests/reset/page_guard_test.cc) reports what is missing as skipped.
#pragma once

#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "reset/page_guard.h"

namespace ferry::engine {

inline std::vector<reset::GuardKind> guards_here() {
  std::vector<reset::GuardKind> out;
  for (const reset::GuardKind kind : {reset::GuardKind::kSignal, reset::GuardKind::kUserfault}) {
    void* page =
        ::mmap(nullptr, reset::kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(page, MAP_FAILED);
    {
      const auto guard = make_page_guard(kind, static_cast<std::uint8_t*>(page), reset::kPage);
      if (guard.ok()) {
        out.push_back(kind);
      } else {
        EXPECT_EQ(guard.error().code, Code::kUnsupported) << guard.error().text();
      }
    }
    ::munmap(page, reset::kPage);
  }
  return out;
}

}  // namespace ferry::engine
