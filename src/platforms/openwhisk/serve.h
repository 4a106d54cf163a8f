// Serves OpenWhisk's contract from this process: there is one /init, and all activations must
// find what it made, so there are no worker processes; when this one dies, so does the container,
// and the invoker knows.
#pragma once

#include "serve/provider.h"
#include "serve/running.h"

namespace ferry::platforms::openwhisk {

// With the provider's functions, or with none and an /init to come. Until SIGTERM or SIGINT has
// been obeyed.
Status serve(serve::Provider& provider, const serve::Options& options);

}  // namespace ferry::platforms::openwhisk
