// A recorded invocation again: the same event, environment, time and randomness, on whatever engine
// the host has.
#pragma once

#include <string>
#include <vector>

#include "capsule/capsule.h"
#include "function/manifest.h"
#include "host/host.h"

namespace ferry::capsule {

// What the function was given when it was recorded: input, reply, headers, arguments, limits and
// plain variables from the capsule. What reaches outside (folders, connections, env_from) is the
// reader's own, since a capsule may come from a stranger. `sections`: tables of platforms that its
// manifest may have.
Result<function::Manifest> manifest_in_force(const Capsule& capsule, const function::Manifest& own,
                                             function::Sections sections);

struct Replayed {
  Seen now;
  std::vector<Difference> differences;
  bool other_function = false;     // its digest is not the recorded one
  std::vector<std::string> notes;  // why it may differ, such as what is not in the capsule
};

// `function` was loaded with manifest_in_force(). Never throws.
Replayed replay(const Capsule& capsule, host::Host& host, host::Loaded& function);

}  // namespace ferry::capsule
