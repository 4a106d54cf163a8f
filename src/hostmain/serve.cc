#include "hostmain/serve.h"

#include <array>

namespace ferry::hostmain {
namespace {

// A new platform is one file and one line here.
constexpr std::array kPlatforms{
    PlatformRow{"http", serve_http},
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
