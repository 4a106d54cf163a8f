#include "platforms/openfaas/adapter.h"

#include <algorithm>
#include <array>

namespace ferry::platforms::openfaas {
namespace {

// The probes of faas-netes.
constexpr std::array<std::string_view, 2> kHealth{"/_/health", "/_/ready"};

bool is_call_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

OpenFaasAdapter::OpenFaasAdapter(AdapterContext context)
    : HttpAdapter(std::move(context), kHealth) {}

void OpenFaasAdapter::prepare(const http::Request& request, HttpCall& call) {
  const std::string_view id = request.field("x-call-id");
  if (!is_call_id(id)) {
    return;
  }
  call.invoke.invocation = id;
  if (request.field("x-request-id").empty()) {
    call.adjust = [id](event::Event& event) { event.id = id; };
  }
}

}  // namespace ferry::platforms::openfaas
