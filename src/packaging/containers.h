// ferry pack --for knative and --for openfaas: an image, and what tells the platform of it.
// docs/knative.md, docs/openfaas.md.
#pragma once

#include "packaging/parts.h"

namespace ferry::packaging {

// image.tar, service.yaml, trigger.yaml.
Status pack_for_knative(const PackOptions& options);
// image.tar, stack.yml.
Status pack_for_openfaas(const PackOptions& options);

}  // namespace ferry::packaging
