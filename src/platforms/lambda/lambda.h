// The platform "lambda": AWS Lambda, as a custom runtime.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& lambda_platform();

}  // namespace ferry::platforms
