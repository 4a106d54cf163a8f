#include "host/network_access.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/file.h"

namespace ferry::host {
namespace {

constexpr std::size_t kMaxRoots = 4u << 20;

// NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment once functions are loaded
const char* variable(const char* name) { return std::getenv(name); }

// "postgres://user:PASSWORD@host/…": the part that alone is a secret too.
std::string_view password_in(std::string_view value) {
  const auto scheme = value.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view authority = value.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::string_view user = authority.substr(0, at);
  const auto colon = user.find(':');
  return colon == std::string_view::npos ? std::string_view() : user.substr(colon + 1);
}

}  // namespace

std::string machine_certificates() {
  const char* named = variable(wasi::kCaVariable);
  // Where Debian, Alpine and images made by ferry have them; Amazon Linux and Red Hat; openSUSE.
  for (const char* path :
       {named, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (path == nullptr) continue;
    if (auto bytes = read_file(path, kMaxRoots); bytes.ok()) return std::string(as_text(*bytes));
  }
  return {};
}

Result<std::unique_ptr<wasi::NetworkAccess>> make_network_access(const function::Manifest& manifest,
                                                                 net::Network& network) {
  if (!manifest.grants.network()) return std::unique_ptr<wasi::NetworkAccess>();
  auto access = std::make_unique<wasi::NetworkAccess>();
  FERRY_TRY(std::vector<net::Grant> grants, function::network_grants(manifest.grants));
  const char* runtime_api = variable("AWS_LAMBDA_RUNTIME_API");
  access->policy = net::Policy(std::move(grants),
                               net::reserved_endpoints(runtime_api == nullptr ? "" : runtime_api));
  access->network = &network;
  access->connections = manifest.limits.connections;
  access->bytes = manifest.limits.network_bytes;
  access->connect_timeout = manifest.limits.connect_timeout;
  access->ca_bundle = machine_certificates();
  const auto add = [&](const std::string& pem) {
    if (!access->ca_bundle.empty() && !access->ca_bundle.ends_with('\n')) {
      access->ca_bundle += '\n';
    }
    access->ca_bundle += pem;
  };
  if (!manifest.grants.ca.empty()) {
    FERRY_TRY(const std::string own, function::certificates_in(manifest.grants.ca, "[grant] ca"));
    add(own);
  }
  if (const std::string more = network.certificates(); !more.empty()) add(more);
  return access;
}

std::vector<std::string> taken_environment(const function::Grants& grants) {
  std::vector<std::string> out;
  for (const std::string& name : grants.env_from) {
    if (const char* value = variable(name.c_str()); value != nullptr) {
      out.push_back(fmt::format("{}={}", name, value));
    }
  }
  return out;
}

std::vector<Secret> secrets_in(const std::vector<std::string>& environment) {
  // Shorter ones stand in any text by chance.
  constexpr std::size_t kLeast = 4;
  std::vector<Secret> out;
  for (const std::string& entry : environment) {
    const auto equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    const std::string value = entry.substr(equals + 1);
    const std::string_view password = password_in(value);
    if (value.size() >= kLeast) out.push_back({value, fmt::format("${{{}}}", name)});
    if (password.size() >= kLeast) {
      out.push_back({std::string(password), fmt::format("${{{}:password}}", name)});
    }
  }
  std::ranges::stable_sort(out, std::greater<>(),
                           [](const Secret& each) { return each.text.size(); });
  return out;
}

Mask::Mask(const std::vector<std::string>& environment) : secrets_(secrets_in(environment)) {
  // As logs and messages have them, which are UTF-8.
  for (Secret& secret : secrets_) secret.text = to_utf8(secret.text);
}

void Mask::apply(std::string& text) const {
  for (const Secret& secret : secrets_) {
    for (auto at = text.find(secret.text); at != std::string::npos;
         at = text.find(secret.text, at + secret.shown.size())) {
      text.replace(at, secret.text.size(), secret.shown);
    }
  }
}

void Mask::apply(Outcome& outcome) const {
  for (LogLine& line : outcome.logs) apply(line.text);
  apply(outcome.message);
}

std::vector<LogLine> connection_lines(const Outcome& outcome) {
  std::vector<LogLine> out;
  for (const wasi::ConnectionRecord& each : outcome.connections) {
    const std::string peer = net::to_string(each.peer);
    const std::string where = each.name.empty() ? peer : fmt::format("{} ({})", each.name, peer);
    const double ms = std::chrono::duration<double, std::milli>(each.lasted).count();
    out.push_back(
        {each.began,
         each.error.empty()
             ? fmt::format("{}{}: {} bytes sent, {} received, {:.1f} ms", kConnectionLine, where,
                           each.sent, each.received, ms)
             : fmt::format("{}{}: {}, {:.1f} ms", kConnectionLine, where, each.error, ms)});
  }
  return out;
}

}  // namespace ferry::host
