// gzip (RFC 1952) → bytes, for CloudWatch Logs. Bounded: a few kilobytes can say gigabytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace ferry::platforms::lambda {

// One gzip member and nothing behind it. kLimit past `limit` bytes, kInvalid for all else.
Result<std::string> gunzip(ByteView bytes, std::uint64_t limit);

}  // namespace ferry::platforms::lambda
