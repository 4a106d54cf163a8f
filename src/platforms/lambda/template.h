// The templates of the table: text with {EXPRESSION} in it.
//   EXPRESSION   alternatives with '|' between them; the first that is there and not empty counts
//   PATH         a text, number or bool from the event's own place
//   $/PATH       from the top of the input
//   PATH:FILTER  ms, s (epoch → RFC 3339), time (RFC 3339, made strict), lower, slug
//                ([a-z0-9.-]), base64 (decoded, when that is UTF-8), compact (JSON on one line),
//                dot (with a '.' before it)
//   PATH?'TEXT'  TEXT where the path is there and not null
//   'TEXT'       itself; also when empty
//   @arn @region @account @request @now @index @key
//                the function's ARN and its parts, the request id, the time, the event's place
//                among its neighbours, its list's name
// A template one of whose expressions finds nothing is nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "platforms/json_view.h"

namespace ferry::platforms::lambda {

// What the invocation itself knows.
struct Invocation {
  std::string request_id;
  std::string function_arn;
  WallTime now;
};

struct Scope {
  const Invocation& invocation;
  JsonView top;
  JsonView place;
  std::size_t index = 0;
  std::string key = {};
};

std::optional<std::string> expand(std::string_view text, const Scope& scope);

}  // namespace ferry::platforms::lambda
