// Where the native code of an ELF file lies, if it lies in one place.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace ferry::bundle {

struct CodeRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // 0: there is none, or not in one place, or this is not such a file
};

// The one section of an ELF64 file for x86-64 that holds code, in whole pages. Takes any bytes.
CodeRange find_code(ByteView file);

}  // namespace ferry::bundle
