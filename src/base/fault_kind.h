// Whether a fault of memory was a write, as a signal handler has to find out. Async-signal-safe.
#pragma once

#include <cstdint>

#include "base/fault_router.h"

namespace ferry {

// `context` is a signal handler's third argument, `address` what was touched.
FaultKind fault_kind(const void* context, std::uintptr_t address);

// Whether this A64 instruction, which touched memory, writes to it (Arm DDI 0487, C4.1 "Loads and
// Stores"). Pure, and compiled for every CPU, so that it can be tested on any.
bool writes_memory(std::uint32_t a64_instruction);

}  // namespace ferry
