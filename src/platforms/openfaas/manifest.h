// stack.yml, by which faas-cli deploys. Pure: text of what is handed in.
#pragma once

#include <string>

#include "function/function.h"

namespace ferry::platforms::openfaas {

std::string stack_yaml(const function::Function& function, const std::string& name,
                       const std::string& image);

}  // namespace ferry::platforms::openfaas
