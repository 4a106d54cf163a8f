// ferry pack --for lambda: two layers, the function that uses them, and a template that ties them.
// docs/aws-lambda.md says what is in each.
#pragma once

#include "packaging/parts.h"

namespace ferry::packaging {

Status pack_for_lambda(const PackOptions& options);

}  // namespace ferry::packaging
