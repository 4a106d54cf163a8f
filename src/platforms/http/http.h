// The platform "http": whoever speaks HTTP or CloudEvents over HTTP.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& http_platform();

}  // namespace ferry::platforms
