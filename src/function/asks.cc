#include "function/asks.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace ferry::function {
namespace {

namespace fs = std::filesystem;

// Where a path leads, as far as it exists. One that cannot be followed is taken as it is.
fs::path resolved(const fs::path& path) {
  std::error_code problem;
  fs::path out = fs::weakly_canonical(fs::absolute(path, problem), problem);
  return problem ? path : out;
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto [end, unused] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

}  // namespace

std::vector<std::string> asks_of(const Manifest& manifest, const std::string& manifest_path) {
  std::vector<std::string> asks;
  const fs::path folder = resolved(fs::path(manifest_path)).parent_path();
  for (const DirGrant& grant : manifest.grants.dirs) {
    const fs::path leads_to = resolved(grant.host);
    if (is_inside(leads_to, folder)) continue;
    asks.push_back(fmt::format("{} the folder {}, as {}",
                               grant.read_only ? "read" : "read and write", leads_to.string(),
                               grant.guest));
  }
  // What is read there a function could show to the caller that calls it.
  for (const std::string& file : manifest.warm) {
    const fs::path leads_to = resolved(file);
    if (is_inside(leads_to, folder)) continue;
    asks.push_back(fmt::format("be given the file {} as an event", leads_to.string()));
  }
  for (const FileGrant& grant : manifest.files) {
    const fs::path leads_to = resolved(grant.host);
    if (is_inside(leads_to, folder)) continue;
    asks.push_back(fmt::format("carry {} along, as {}", leads_to.string(), grant.guest));
  }
  for (const std::string& name : manifest.grants.env_from) {
    asks.push_back(fmt::format("read the variable {} of your environment", name));
  }
  const auto ask_inside = [&asks](const Grants& one, const std::string& name) {
    const auto network = network_grants(one);
    if (network.ok() && std::ranges::any_of(*network, reaches_inside)) {
      asks.push_back(fmt::format("connect to {}, which may be within your network", name));
    }
  };
  for (const std::string& name : manifest.grants.connect) {
    Grants one;
    one.connect = {name};
    ask_inside(one, name);
  }
  for (const std::string& name : manifest.grants.http) {
    Grants one;
    one.http = {name};
    ask_inside(one, name);
  }
  return asks;
}

}  // namespace ferry::function
