// Identifiers we make: UUIDv7 (RFC 9562, 5.7), which sort by time.
#pragma once

#include <string>

#include "base/clock.h"

namespace ferry {

// 36 characters, lower case.
std::string uuid_v7(const Clock& clock, Random& random);

}  // namespace ferry
