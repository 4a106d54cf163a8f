// From uploaded code to a function that can be invoked. Wasm is compiled in a child process with
// limits of its own, where this program has a compiler; a bundle must be signed. Thread-safe.
#pragma once

#include <memory>
#include <optional>

#include "bundle/bundle.h"
#include "host/host.h"
#include "platforms/openwhisk/code.h"

namespace ferry::platforms::openwhisk {

struct Ready {
  std::shared_ptr<host::Loaded> function;
  function::Grants grants;
};

// `name` is the action's, for what has none of its own. `key` is absent where no bundles are taken.
Result<Ready> make_ready(host::Host& host, Upload code, const std::string& name,
                         const std::optional<bundle::VerifyKey>& key);

}  // namespace ferry::platforms::openwhisk
