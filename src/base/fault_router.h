// The one place where faults of memory (SIGSEGV) are answered, before the engine's own handler sees
// them. Code that protects pages on purpose registers its faults here; every other fault goes on
// unchanged, to the engine or to the end of the process.
//
// In the handler nothing is locked or allocated. It runs on the thread's signal stack where it has
// one (engines see to that), in any thread, and after a fork.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace ferry {

enum class FaultKind : unsigned char { kRead, kWrite };  // to execute is to read

// Who answers. Owned by its maker.
class FaultAnswer {
 public:
  // In the signal handler: async-signal-safe calls only. True: what was in the way is gone, and the
  // instruction is tried again. `address` may be any; check it.
  virtual bool on_fault(std::uintptr_t address, FaultKind kind) = 0;

 protected:
  ~FaultAnswer() = default;
};

// Puts our handler before all others, unless it is first already. To be called after an engine has
// been made (it sets its own) and before the first page is protected.
Status take_faults();

// Asked first, for faults of this thread alone; null: nobody. Costs nothing to set.
extern constinit thread_local FaultAnswer* thread_faults;

// While it lives, `answer` is asked for the faults of all threads at [base, base + size). When it
// has gone no thread is still asking.
class FaultRange {
 public:
  FaultRange(const void* base, std::size_t size, FaultAnswer& answer);
  ~FaultRange();
  FaultRange(const FaultRange&) = delete;
  FaultRange& operator=(const FaultRange&) = delete;

 private:
  struct FaultSlot* slot_;
};

}  // namespace ferry
