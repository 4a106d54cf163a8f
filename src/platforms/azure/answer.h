// Outcomes → what the Functions host takes ("Azure Functions custom handlers", response payload):
// {"Outputs": {…}, "Logs": […], "ReturnValue": …}. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/outcome.h"
#include "http/message.h"
#include "platforms/json_view.h"

namespace ferry::platforms::azure {

// Name of the output that a reply goes to, beside the return value ($return).
inline constexpr char kReplyBinding[] = "reply";
// Name of an HTTP trigger's output.
inline constexpr char kHttpBinding[] = "res";

// A reply that names its outputs itself: {"Outputs": {NAME: VALUE, …}}, "ReturnValue" beside it or
// not, and nothing else. Borrows the data.
struct OwnOutputs {
  JsonView outputs;
  JsonView return_value;
};
std::optional<OwnOutputs> own_outputs(std::string_view content_type, std::string_view data);

// A good outcome of a trigger that is not HTTP.
std::string reply_payload(const host::Outcome& outcome);

// An HTTP answer of a trigger that is not forwarded; kUnsupported when its body is not text, for
// which this form has no place.
Result<std::string> http_payload(const http::Response& answer, const host::Outcome& outcome);

// A reply as one JSON value. The host takes any string that happens to be base64 for bytes, so a
// text that does is sent in base64, as bytes are.
std::string reply_value(const host::Reply& reply);

}  // namespace ferry::platforms::azure
