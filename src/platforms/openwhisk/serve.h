// Serves OpenWhisk's contract from this process: there is one /init, and all activations must
// find what it made, so there are no worker processes; when this one dies, so does the container,
// and the invoker knows.
#pragma once

#include "http/listener.h"
#include "platforms/openwhisk/adapter.h"

namespace ferry::platforms::openwhisk {

struct ServeOptions {
  std::string program;        // "ferry-host": begins each line for people
  http::Listeners listeners;  // one socket
  std::optional<bundle::VerifyKey> key;
  bool quiet = false;
};

// Until SIGTERM or SIGINT has been obeyed.
Status serve(host::Host& host, std::vector<std::shared_ptr<host::Loaded>> functions,
             ServeOptions options);

}  // namespace ferry::platforms::openwhisk
