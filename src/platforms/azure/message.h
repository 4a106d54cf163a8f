// What the Functions host posts to a custom handler ("Azure Functions custom handlers", request
// payload): {"Data": {binding: value}, "Metadata": {…}}. Read without trust; borrows the body.
// Pure; fuzzed by tests/azure/message_fuzz.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/http.h"
#include "platforms/json_view.h"

namespace ferry::platforms::azure {

struct Message {
  JsonView data;      // an object
  JsonView metadata;  // an object
};

// Nothing when the body is not of this shape: an object of just these two members.
std::optional<Message> read_message(std::string_view body);

// A value as its producer wrote it. The host hands text over as a JSON text within a JSON string;
// an object stays one. `json`: it is JSON text, not characters.
struct Value {
  std::string text;
  bool json = false;
};
Value value_of(JsonView raw);

// The request of an HTTP trigger that is not forwarded: {"Url", "Method", "Headers", "Body", …}.
struct TriggerRequest {
  std::string binding;  // name of the trigger
  std::string method;
  std::string target;
  event::HeaderList headers;
  std::string body;
};
// Nothing when no binding of the message is one.
std::optional<TriggerRequest> read_request(const Message& message);

}  // namespace ferry::platforms::azure
