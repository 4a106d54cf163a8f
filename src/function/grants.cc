#include "function/grants.h"

#include <cstdlib>

#include <fmt/format.h>

namespace ferry::function {

Result<std::vector<net::Grant>> network_grants(const Grants& grants) {
  std::vector<net::Grant> out;
  for (const std::string& text : grants.connect) {
    FERRY_TRY(net::Grant grant, net::parse_grant(text));
    out.push_back(std::move(grant));
  }
  for (const std::string& text : grants.http) {
    FERRY_TRY(std::vector<net::Grant> both, net::parse_http_grant(text));
    for (net::Grant& grant : both) out.push_back(std::move(grant));
  }
  return out;
}

bool reaches_inside(const net::Grant& grant) {
  switch (grant.kind) {
    case net::Grant::Kind::kLocalhost:
      return true;
    case net::Grant::Kind::kNetwork:
      return net::block_of(grant.network) != nullptr;
    case net::Grant::Kind::kSuffix:
      return net::is_private_use("name." + grant.name);
    case net::Grant::Kind::kName:
      break;
  }
  return !grant.web || net::is_private_use(grant.name);
}

std::vector<std::string> describe_grants(const Grants& grants) {
  std::vector<std::string> out;
  out.reserve(grants.env.size());
  for (const auto& [name, value] : grants.env) out.push_back("env: " + name);
  for (const std::string& name : grants.env_from) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    out.push_back(fmt::format("env_from: {}{}", name, value == nullptr ? " (not set here)" : ""));
  }
  for (const DirGrant& dir : grants.dirs) {
    out.push_back(
        fmt::format("dirs: {} as {}{}", dir.host, dir.guest, dir.read_only ? ", read-only" : ""));
  }
  for (const std::string& text : grants.connect) out.push_back("connect: " + text);
  for (const std::string& text : grants.http) {
    const bool both = text.find(':') == std::string::npos;
    out.push_back(fmt::format("http: {}{}", text, both ? " (ports 443 and 80)" : ""));
  }
  if (!grants.ca.empty()) out.emplace_back("ca: certificates of its own");
  return out;
}

Result<std::string> certificates_in(std::string_view pem, std::string_view name) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  std::string out;
  while (true) {
    const auto begin = pem.find(kBegin);
    if (begin == std::string_view::npos) break;
    const auto end = pem.find(kEnd, begin);
    if (end == std::string_view::npos) {
      return Error{Code::kInvalid, fmt::format("{}: a certificate has no end", name), ""};
    }
    const std::string_view body = pem.substr(begin + kBegin.size(), end - begin - kBegin.size());
    if (body.find_first_not_of(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
            "\t ") != std::string_view::npos) {
      return Error{Code::kInvalid, fmt::format("{}: a certificate is not base64", name), ""};
    }
    out.append(pem.substr(begin, end + kEnd.size() - begin));
    out += '\n';
    pem.remove_prefix(end + kEnd.size());
  }
  if (out.empty()) {
    return Error{Code::kInvalid, fmt::format("{} has no certificate in PEM form", name),
                 "it begins with '-----BEGIN CERTIFICATE-----'"};
  }
  return out;
}

}  // namespace ferry::function
