// The platform "azure": Azure Functions, as a custom handler.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& azure_platform();
const Rules& azure_rules();

}  // namespace ferry::platforms
