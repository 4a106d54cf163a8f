// The platform "azure": Azure Functions, as a custom handler.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& azure_platform();

}  // namespace ferry::platforms
