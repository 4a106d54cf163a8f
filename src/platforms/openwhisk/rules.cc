#include "platforms/rules.h"

#include "platforms/openwhisk/openwhisk.h"

namespace ferry::platforms {

// docs/reference.md of Apache OpenWhisk, "System limits"; operators may set others.
const Rules& openwhisk_rules() {
  static const Rules rules{
      .source = "Apache OpenWhisk, docs/reference.md, System limits",
      .code = 48ull << 20,
      .input = 1ull << 20,
      .output = 1ull << 20,
      .memory = 512ull << 20,
      .timeout = std::chrono::minutes(5),
      .no_folders = "the container of an action has none, and nothing can be mounted",
      .cgi =
          "status and headers reach the callers of web actions; others get them as one JSON "
          "object",
  };
  return rules;
}

}  // namespace ferry::platforms
