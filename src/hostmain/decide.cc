#include "hostmain/decide.h"

#include <array>
#include <string_view>

namespace ferry::hostmain {
namespace {

struct Sign {
  const char* variable;
  const char* platform;
};

// The first that is set decides.
constexpr std::array kSigns{
    Sign{"AWS_LAMBDA_RUNTIME_API", "lambda"},       // Lambda, "Custom runtimes"
    Sign{"FUNCTIONS_CUSTOMHANDLER_PORT", "azure"},  // Azure Functions, "Custom handlers"
    Sign{"__OW_API_HOST", "openwhisk"},             // OpenWhisk, the invoker's container proxy
    Sign{"K_SERVICE", "knative"},                   // Knative Serving, runtime contract; Cloud Run
    Sign{"OPENFAAS_NAME", "openfaas"},              // OpenFaaS, faas-netes
};

}  // namespace

Decision decide_platform(const std::string& asked, const Lookup& env) {
  if (!asked.empty()) {
    return {asked, "--platform says so"};
  }
  for (const Sign& sign : kSigns) {
    const char* value = env(sign.variable);
    if (value != nullptr && value[0] != '\0') {
      return {sign.platform, std::string(sign.variable) + " is set"};
    }
  }
  return {"http", "no other platform's variable is set"};
}

std::string default_listen(const std::string& platform, const Lookup& env) {
  // Azure's host calls from the same machine, and nobody else should.
  const bool azure = platform == "azure";
  const char* port = env(azure ? "FUNCTIONS_CUSTOMHANDLER_PORT" : "PORT");
  const std::string_view text = port == nullptr ? "" : port;
  const bool is_number = !text.empty() && text.size() <= 5 &&
                         text.find_first_not_of("0123456789") == std::string_view::npos;
  return (azure ? "127.0.0.1:" : ":") + std::string(is_number ? text : "8080");
}

}  // namespace ferry::hostmain
