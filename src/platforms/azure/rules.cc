#include "platforms/rules.h"

#include "platforms/azure/azure.h"

namespace ferry::platforms {

// Azure Functions, "scale and hosting", the consumption plan.
const Rules& azure_rules() {
  static const Rules rules{
      .source = "Microsoft Learn, Azure Functions scale and hosting, consumption plan",
      .code = 1ull << 30,
      .input = 210'000'000,
      .memory = 1536ull << 20,
      .timeout = std::chrono::minutes(10),
      .folders = {"/tmp", "/home"},
      .cgi = "status and headers reach callers of the HTTP trigger alone",
      .cloudevent =
          "of triggers that are not HTTP, the reply goes to the output binding as the "
          "event's JSON form",
  };
  return rules;
}

}  // namespace ferry::platforms
