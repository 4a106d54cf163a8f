// Which platform this process finds itself on, by what the platforms promise to set in the
// environment. Pure apart from the lookup handed in.
#pragma once

#include <string>

#include "platforms/list.h"

namespace ferry::hostmain {

struct Decision {
  std::string platform;
  std::string why;  // one clause: "AWS_LAMBDA_RUNTIME_API is set"
};

// `named` is --platform's argument, or empty.
Decision decide_platform(const std::string& named, const platforms::Lookup& env);

}  // namespace ferry::hostmain
