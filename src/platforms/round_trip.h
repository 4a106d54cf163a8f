// One request over a socket pair to a front of its own, as emulators send it: every byte goes the
// way it goes in production.
#pragma once

#include <string_view>

#include "platforms/platform.h"

namespace ferry::platforms {

// `request` must ask for "Connection: close". One thread at a time.
Result<Answer> round_trip(http::Service& adapter, std::string_view request);

}  // namespace ferry::platforms
