// Where `ferry deploy` can put packages: the platforms in cmake/FerryPlatforms.cmake that have a
// folder `deploy`, in that order.
#pragma once

#include <span>

#include "deploy/target.h"

namespace ferry::deploy {

std::span<const Deployment* const> all_deployments();

}  // namespace ferry::deploy
