// The platform "knative": Knative Eventing and Serving, and Google's Cloud Run, which speaks the
// same.
#pragma once

#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& knative_platform();

}  // namespace ferry::platforms
