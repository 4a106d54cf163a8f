// The container's side of OpenFaaS: called by its gateway, or by an of-watchdog in http mode
// before it. HTTP as the platform http has it; the gateway's call id becomes the event's and the
// invocation's. docs/openfaas.md.
#pragma once

#include "platforms/http/adapter.h"

namespace ferry::platforms {

const Platform& openfaas_platform();

class OpenFaasAdapter final : public HttpAdapter {
 public:
  explicit OpenFaasAdapter(AdapterContext context);

 protected:
  void prepare(const http::Request& request, HttpCall& call) override;
};

}  // namespace ferry::platforms
