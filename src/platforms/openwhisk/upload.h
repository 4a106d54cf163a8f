// From uploaded code to a function that can be invoked. Wasm is compiled in a child process with
// limits of its own, where this program has a compiler; a bundle must be signed. Thread-safe.
#pragma once

#include <memory>

#include "host/host.h"
#include "platforms/openwhisk/adapter.h"
#include "platforms/openwhisk/code.h"

namespace ferry::platforms::openwhisk {

struct Uploaded {
  std::shared_ptr<host::Loaded> function;
  function::Grants grants;
};

// `name` is the action's, for what has none of its own.
Result<Uploaded> load_upload(host::Host& host, Upload code, const std::string& name,
                             const AdapterOptions& options);

}  // namespace ferry::platforms::openwhisk
