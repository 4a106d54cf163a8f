#include "platforms/rules.h"

#include "platforms/knative/knative.h"

namespace ferry::platforms {

// Knative's defaults (config-defaults: max-revision-timeout-seconds), and Cloud Run's quotas, which
// are narrower but for that.
const Rules& knative_rules() {
  static const Rules rules{
      .source = "Knative config-defaults; Google Cloud, Cloud Run quotas",
      .input = 32ull << 20,
      .output = 32ull << 20,
      .memory = 32ull << 30,
      .timeout = std::chrono::minutes(10),
      .cgi =
          "a broker takes events alone: where an event was sent, the answer is marked as one, "
          "and its status counts only as done or to be repeated",
  };
  return rules;
}

}  // namespace ferry::platforms
