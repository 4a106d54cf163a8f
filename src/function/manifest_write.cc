#include <fmt/format.h>

#include "function/manifest.h"
#include "function/toml_string.h"

namespace ferry::function {
namespace {

const char* word_of(ReplyForm form) {
  switch (form) {
    case ReplyForm::kCloudEvent:
      return "cloudevent";
    case ReplyForm::kCgi:
      return "cgi";
    case ReplyForm::kData:
      break;
  }
  return "data";
}

}  // namespace

std::string manifest_to_toml(const Manifest& manifest) {
  const Limits& limits = manifest.limits;
  std::string out = "[function]\n";
  if (!manifest.name.empty()) {
    out += fmt::format("name = {}\n", toml_string(manifest.name));
  }
  out += fmt::format("input = \"{}\"\nreply = \"{}\"\n\n",
                     manifest.input == InputForm::kCloudEvent ? "cloudevent" : "data",
                     word_of(manifest.reply));
  if (!manifest.headers.empty()) {
    out.pop_back();
    out += fmt::format("headers = {}\n\n", toml_list(manifest.headers));
  }
  if (!manifest.args.empty()) {
    out.pop_back();
    out += fmt::format("args = {}\n\n", toml_list(manifest.args));
  }
  out += fmt::format(
      "[limits]\ntimeout = \"{}ms\"\nmemory = {}\ninput = {}\noutput = {}\nlog = {}\n"
      "concurrency = {}\nopen_files = {}\nconnections = {}\nnetwork_bytes = {}\n"
      "connect_timeout = \"{}ms\"\n",
      limits.timeout.count(), limits.memory, limits.input, limits.output, limits.log,
      limits.concurrency, limits.open_files, limits.connections, limits.network_bytes,
      limits.connect_timeout.count());
  if (limits.instructions) {
    out += fmt::format("instructions = {}\n", *limits.instructions);
  }
  out += "\n[grant]\n";
  std::vector<std::string> dirs;
  dirs.reserve(manifest.grants.dirs.size());
  for (const DirGrant& grant : manifest.grants.dirs) {
    dirs.push_back(grant.host + "::" + grant.guest + (grant.read_only ? ":ro" : ""));
  }
  out += fmt::format("dirs = {}\nhttp = {}\nconnect = {}\nenv_from = {}\n", toml_list(dirs),
                     toml_list(manifest.grants.http), toml_list(manifest.grants.connect),
                     toml_list(manifest.grants.env_from));
  if (!manifest.grants.ca.empty()) {
    out += fmt::format("ca = {}\n", toml_string(manifest.grants.ca));
  }
  if (!manifest.grants.env.empty()) {
    out += "\n[grant.env]\n";
    for (const auto& [name, value] : manifest.grants.env) {
      out += fmt::format("{} = {}\n", toml_string(name), toml_string(value));
    }
  }
  if (!manifest.redact.empty()) {
    std::vector<std::string> redact;
    redact.reserve(manifest.redact.size());
    for (const Redaction& each : manifest.redact) redact.push_back(each.text);
    out += fmt::format("\n[record]\nredact = {}\n", toml_list(redact));
  }
  out += http_settings_to_toml(manifest.http);
  for (const auto& [name, settings] : manifest.sections) {
    out += settings->to_toml();
  }
  return out;
}

}  // namespace ferry::function
