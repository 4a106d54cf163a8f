// The platform "openfaas".
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& openfaas_platform();

}  // namespace ferry::platforms
