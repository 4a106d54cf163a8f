#include "hostmain/serve.h"

#include <array>

#include "platforms/azure/azure.h"
#include "platforms/http/http.h"
#include "platforms/knative/knative.h"
#include "platforms/openfaas/openfaas.h"

namespace ferry::hostmain {
namespace {

template <const platforms::Platform& (*platform)()>
Status over_http(const Serving& serving) {
  return serve_over_http(serving, platform());
}

// A new platform is one file and one line here.
constexpr std::array kPlatforms{
    PlatformRow{"http", over_http<platforms::http_platform>},
    PlatformRow{"knative", over_http<platforms::knative_platform>},
    PlatformRow{"azure", over_http<platforms::azure_platform>},
    PlatformRow{"openfaas", over_http<platforms::openfaas_platform>},
    PlatformRow{"openwhisk", serve_openwhisk},
    PlatformRow{"lambda", serve_lambda},
};

}  // namespace

const PlatformRow* find_platform(const std::string& name) {
  for (const PlatformRow& row : kPlatforms) {
    if (row.name == name) {
      return &row;
    }
  }
  return nullptr;
}

std::string platform_names() {
  std::string out;
  for (const PlatformRow& row : kPlatforms) {
    out += (out.empty() ? "" : ", ") + std::string(row.name);
  }
  return out;
}

}  // namespace ferry::hostmain
