// What instantiation does with constants, done ahead, so that it is the same on every engine:
//
// 1. An expression that is calculated (the extended-const proposal) becomes one constant, which
//    engines without the proposal take as well.
// 2. An active segment that does not fit its table or memory makes the standard trap, before any
//    code of the guest runs (core 2.0, 4.5.4). Engines report that in different ways, and some
//    not at all: here it is found from the module alone, the segment is emptied, and the caller
//    puts the trap where the guest's start function would be called.
#pragma once

#include <map>
#include <optional>

#include "wasm/binary.h"
#include "wasm/sections.h"

namespace ferry::wasm {

enum class StartTrap : unsigned char { kNone, kTable, kMemory };

struct FirstValues {
  // New contents of the sections that change: globals, elements, data.
  std::map<SectionId, Bytes> sections;
  StartTrap trap = StartTrap::kNone;  // tables are filled first
};

Result<FirstValues> calculate_first_values(ByteView wasm, const Binary& binary);

}  // namespace ferry::wasm
