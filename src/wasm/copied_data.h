// A module whose data an engine copies into a new instance's memory instead of mapping it there.
//
// An engine that maps an image of the data (wasmtime) needs two calls of mmap and a page fault for
// each page written whenever an instance's place in its pool was another module's before. Many
// functions that take turns pay for that at nearly every event; a few kilobytes are copied in a
// fraction of that time.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace ferry::wasm {

// More is left to be mapped.
inline constexpr std::size_t kMostCopiedData = 16u << 10;  // bytes

// The same module with its data in few pieces, the first at an address that is written as a sum
// ("i32.const A, i32.const 0, i32.add": the extended-const proposal), which engines work out when
// they make an instance: they do not know it when they would make the image.
//
// None where the data is more than kMostCopiedData, scattered, overlapping, outside of the memory's
// first size, not placed by plain constants, or placed by the code (passive segments); and where
// the module cannot be read: the engine reports what is wrong with it.
std::optional<Bytes> with_copied_data(ByteView wasm);

}  // namespace ferry::wasm
