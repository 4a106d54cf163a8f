// Web actions: the HTTP request that OpenWhisk packs into __ow_* parameters, and the
// {statusCode, headers, body} it makes an HTTP response of (openwhisk/docs/webactions.md).
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "platforms/openwhisk/message.h"

namespace ferry::platforms::openwhisk {

struct WebRequest {
  std::string method;  // upper case
  std::string target;  // path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Nothing when `value` is no web action's argument (it has no __ow_method).
Result<std::optional<WebRequest>> read_web(std::string_view value);

// JSON for a response of ours. A JSON object or array goes as such, text as a string, all else in
// base64, as OpenWhisk wants it. `failed`: under "error", so that the activation counts as one.
std::string write_web(const http::Response& response, bool failed);

}  // namespace ferry::platforms::openwhisk
