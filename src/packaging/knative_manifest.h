// What is applied to a cluster: a Service of Knative Serving (Cloud Run takes the same), and a
// Trigger of Knative Eventing. Pure: text of what is handed in.
#pragma once

#include <string>

#include "function/function.h"

namespace ferry::packaging::knative {

std::string service_yaml(const function::Function& function, const std::string& name,
                         const std::string& image);
std::string trigger_yaml(const std::string& name);

}  // namespace ferry::packaging::knative
