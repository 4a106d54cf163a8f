#include "builder/said_once.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

#include <sys/mman.h>

namespace ferry::builder {
namespace {

using Flags = std::array<std::atomic<bool>, 2>;
static_assert(std::atomic<bool>::is_always_lock_free);  // works between processes

Flags& flags() {
  static Flags own{};
  static Flags* const shared = [] {
    void* memory =
        mmap(nullptr, sizeof(Flags), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? &own : new (memory) Flags{};
  }();
  return *shared;
}

}  // namespace

bool first_time(Once what) { return !flags().at(static_cast<std::size_t>(what)).exchange(true); }

void share_said_once() { static_cast<void>(flags()); }

}  // namespace ferry::builder
