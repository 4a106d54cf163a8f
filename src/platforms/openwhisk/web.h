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

// Nothing when `value` is not a web action's argument (it has no __ow_method).
Result<std::optional<WebRequest>> read_web(std::string_view value);

// JSON for a response of ours: JSON as JSON, text as a string, bytes in base64, each by OpenWhisk's
// own table (media_types.h); several fields of one name as an array. Linear in the response.
// `failed`: under "error", so that the activation counts as one.
std::string write_web(const http::Response& response, bool failed);

// The same as the activation's own result, for the controller to project from: actions that are
// called as NAME.json, .text, .html or .svg, whose extension nobody tells them. A JSON object or
// array is the result; all else is its "body", of text as a string. Status and headers are lost.
std::string write_result(const http::Response& response, bool failed);

}  // namespace ferry::platforms::openwhisk
