// The platforms as ferry-host serves them: a table of name and way. A platform that calls us over
// HTTP and one that we ask for work stand side by side in it.
#pragma once

#include <string>
#include <vector>

#include "hostmain/options.h"
#include "platforms/platform.h"

namespace ferry::hostmain {

struct Serving {
  const Options& options;
  std::string folder;  // of the bundles
  std::string listen;
};

struct PlatformRow {
  const char* name;
  Status (*serve)(const Serving& serving);
};

// Null when this program does not have it.
const PlatformRow* find_platform(const std::string& name);
std::string platform_names();  // "http, openwhisk"

// Any platform that calls us over HTTP: worker processes, each with the bundles and its adapter.
Status serve_over_http(const Serving& serving, const platforms::Platform& platform);
Status serve_openwhisk(const Serving& serving);
Status serve_lambda(const Serving& serving);

}  // namespace ferry::hostmain
