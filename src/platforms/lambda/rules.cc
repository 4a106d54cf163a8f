#include "platforms/rules.h"

#include "platforms/lambda/lambda.h"

namespace ferry::platforms {

// Lambda quotas (AWS documentation, "Lambda quotas").
const Rules& lambda_rules() {
  static const Rules rules{
      .source = "AWS documentation, Lambda quotas",
      .code = 250ull << 20,
      .input = 6ull << 20,
      .output = 6ull << 20,
      .memory = 10'240ull << 20,
      .timeout = std::chrono::minutes(15),
      .folders = {"/tmp", "/mnt", "/opt", "/var/task"},
      .cgi =
          "status and headers reach HTTP sources (API Gateway, load balancers, function URLs); "
          "others get them as one JSON object",
  };
  return rules;
}

}  // namespace ferry::platforms
