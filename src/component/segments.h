// Element and data segments of one core module, for the merged one.
#pragma once

#include "component/constants.h"
#include "component/index_map.h"

namespace ferry::component {

// How many segments a section has, before they are read.
std::uint32_t count_segments(ByteView contents);

// Whether the section has segments that may be written when the module is instantiated.
bool has_elements(ByteView contents);
bool has_active_data(ByteView contents);

// Each appends the section's segments without their count.
Status merge_elements(ByteView contents, std::size_t offset, const IndexMap& map,
                      const ConstantScope& scope, Bytes& out);
Status merge_data(ByteView contents, std::size_t offset, const ConstantScope& scope, Bytes& out);

}  // namespace ferry::component
