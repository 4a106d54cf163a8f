// HTTP requests as API Gateway (REST: v1, HTTP: v2), function URLs and load balancers put them into
// JSON → requests for event::from_http. One shape for all four, so that one function answers them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "event/http.h"
#include "platforms/json_view.h"
#include "platforms/lambda/table.h"

namespace ferry::platforms::lambda {

struct HttpInput {
  std::string method;
  std::string target;  // path, and query if any
  std::string scheme = "https";
  event::HeaderList headers;
  std::string body;
  std::string id;  // of the event that a plain request becomes
  std::string time;
  std::map<std::string, event::Value, std::less<>> attributes;  // further ones of that event
  bool function_url = false;  // it came through one, which can take a streamed answer

  // Borrows from this; the body is moved out.
  event::HttpRequest request(std::vector<event::HeaderView>& headers_out) &&;
};

// kInvalid: isBase64Encoded says so of a body that is not.
Result<HttpInput> read_http(JsonView input, ReplyKind kind);

}  // namespace ferry::platforms::lambda
