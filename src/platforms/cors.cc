#include "platforms/cors.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::platforms {
namespace {

constexpr char kAllowOrigin[] = "Access-Control-Allow-Origin";

std::string_view field(std::span<const event::HeaderView> headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (http::equals_nocase(key, name)) {
      return value;
    }
  }
  return {};
}

// What Access-Control-Allow-Origin says to this origin; empty: it is not allowed.
std::string allowed(const function::Cors& cors, std::span<const event::HeaderView> headers) {
  const std::string_view origin = field(headers, "origin");
  if (origin.empty()) {
    return "";
  }
  if (cors.origins.front() == "*") {
    return "*";
  }
  const bool known = std::ranges::find(cors.origins, origin) != cors.origins.end();
  return known ? std::string(origin) : "";
}

}  // namespace

bool is_preflight(const event::HttpRequest& request) {
  return request.method == "OPTIONS" && !field(request.headers, "origin").empty() &&
         !field(request.headers, "access-control-request-method").empty();
}

void answer_preflight(const function::Cors& cors, std::span<const event::HeaderView> headers,
                      http::Response& response) {
  response.status = 204;
  response.fields.emplace_back(
      "Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  std::string origin = allowed(cors, headers);
  if (origin.empty()) {
    return;  // the browser takes that for a no
  }
  response.fields.emplace_back(kAllowOrigin, std::move(origin));
  response.fields.emplace_back("Access-Control-Allow-Methods",
                               fmt::format("{}", fmt::join(cors.methods, ", ")));
  if (!cors.headers.empty()) {
    response.fields.emplace_back("Access-Control-Allow-Headers",
                                 fmt::format("{}", fmt::join(cors.headers, ", ")));
  }
  if (cors.credentials) {
    response.fields.emplace_back("Access-Control-Allow-Credentials", "true");
  }
  response.fields.emplace_back("Access-Control-Max-Age", std::to_string(cors.max_age.count()));
}

void allow_origin(const function::Cors& cors, std::span<const event::HeaderView> headers,
                  http::Response& response) {
  const bool own = std::ranges::any_of(response.fields, [](const auto& each) {
    return http::equals_nocase(each.first, kAllowOrigin);
  });
  if (own) {
    return;
  }
  if (cors.origins.front() != "*") {
    response.fields.emplace_back("Vary", "Origin");
  }
  std::string origin = allowed(cors, headers);
  if (origin.empty()) {
    return;
  }
  response.fields.emplace_back(kAllowOrigin, std::move(origin));
  if (cors.credentials) {
    response.fields.emplace_back("Access-Control-Allow-Credentials", "true");
  }
  if (!cors.expose.empty()) {
    response.fields.emplace_back("Access-Control-Expose-Headers",
                                 fmt::format("{}", fmt::join(cors.expose, ", ")));
  }
}

}  // namespace ferry::platforms
