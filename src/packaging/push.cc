#include "packaging/push.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/file.h"
#include "deploy/registry.h"

namespace ferry::packaging {
namespace {

constexpr std::uint64_t kMaxConfig = 1 << 20;

// $DOCKER_CONFIG/config.json, else ~/.docker/config.json, as docker reads it.
deploy::Login login_for(const std::string& registry) {
  const char* folder = std::getenv("DOCKER_CONFIG");
  const char* home = std::getenv("HOME");
  const std::string path = folder != nullptr
                               ? std::string(folder) + "/config.json"
                               : std::string(home != nullptr ? home : "") + "/.docker/config.json";
  auto config = read_file(path, kMaxConfig);
  return config.ok() ? deploy::find_login(as_text(*config), registry) : deploy::Login{};
}

}  // namespace

Status push_packed(const PackOptions& options, const package::Image& image) {
  if (options.push.empty()) {
    return Done{};
  }
  FERRY_TRY(const deploy::ImageName to, deploy::parse_image_name(options.push));
  deploy::TransportOptions transport_options;
  transport_options.insecure = options.insecure_registry;
  FERRY_TRY(auto transport, deploy::make_transport(transport_options));
  deploy::PushOptions push;
  push.insecure = options.insecure_registry;
  push.login = login_for(to.registry);
  if (!options.common.quiet) {
    push.progress = [](const std::string& line) { fmt::print(stderr, "ferry: push: {}\n", line); };
  }
  FERRY_TRY(const std::string name, deploy::push_image(*transport, to, image, push));
  fmt::print("{}\n", name);
  return Done{};
}

}  // namespace ferry::packaging
