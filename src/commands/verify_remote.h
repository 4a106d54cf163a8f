// Wires to real platforms, for `ferry verify --platform NAME=URL`.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "emulators/wire.h"

namespace ferry::commands {

// `url` is http://HOST[:PORT][/PATH]. `authorization` is USER:KEY of basic authentication, or
// empty. kUsage for anything else: TLS is not spoken here.
Result<std::function<std::unique_ptr<platforms::Wire>()>> remote_wire(
    const std::string& url, const std::string& authorization);

}  // namespace ferry::commands
