// An HTTP response as the JSON that API Gateway, function URLs and load balancers turn back into
// one. Pure.
#pragma once

#include <string>

#include "http/message.h"
#include "platforms/lambda/table.h"

namespace ferry::platforms::lambda {

// A body in UTF-8 goes as it is, any other in base64. `multi_value` is a load balancer's setting,
// known from its request.
std::string http_reply(ReplyKind kind, bool multi_value, const http::Response& response);

// What is before the body of a streamed answer: status, headers and cookies as JSON.
std::string http_prelude(const http::Response& response);

}  // namespace ferry::platforms::lambda
