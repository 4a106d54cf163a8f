// stack.yml, by which faas-cli deploys. Pure: text of what is handed in.
#pragma once

#include <string>

#include "function/function.h"

namespace ferry::packaging::openfaas {

std::string stack_yaml(const function::Function& function, const std::string& name,
                       const std::string& image);

}  // namespace ferry::packaging::openfaas
