// The platform "openwhisk": Apache OpenWhisk, unmodified.
#pragma once

#include "http/server.h"
#include "platforms/openwhisk/adapter.h"
#include "platforms/platform.h"

namespace ferry::platforms {

const Platform& openwhisk_platform();

namespace openwhisk {

// How the front is set up for an invoker: code of the largest size it allows, connections that it
// keeps while the container is paused.
http::ServerOptions front_options();

// What the engine of a container is made with when its functions are not known yet.
engine::EngineOptions engine_options();

}  // namespace openwhisk
}  // namespace ferry::platforms
