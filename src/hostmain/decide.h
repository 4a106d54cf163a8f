// Which platform this process finds itself on, by what the platforms promise to set in the
// environment. Pure but for the lookup handed in.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace ferry::hostmain {

using Lookup = std::function<const char*(const char* name)>;  // getenv, or a test's

struct Decision {
  std::string platform;
  std::string why;  // one clause: "AWS_LAMBDA_RUNTIME_API is set"
};

// `asked` is --platform's word, or empty.
Decision decide_platform(const std::string& asked, const Lookup& env);

// ":8080", or what the platform says: Knative and its like choose the port.
std::string default_listen(const std::string& platform, const Lookup& env);

}  // namespace ferry::hostmain
