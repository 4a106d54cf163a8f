// The files of a function app with a custom handler: host.json, and a function.json for each
// trigger. Pure: text of what is handed in.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "function/limits.h"

namespace ferry::packaging::azure {

// A trigger as the command line names it: "http", "eventgrid", "timer=0 */5 * * * *",
// "queue=NAME", "servicebus=NAME", "eventhub=NAME", "blob=PATH", "cosmosdb=DATABASE/CONTAINER".
struct TriggerSpec {
  std::string kind;
  std::string of;  // what follows "="
};
Result<TriggerSpec> parse_trigger(std::string_view text);

std::string host_json(const function::Limits& limits);
// `route` is of HTTP triggers: the function's name.
std::string function_json(const TriggerSpec& trigger, const std::string& route);

// A name that Azure takes for a function: a letter, then letters, digits, - and _.
std::string function_name(std::string_view name);

}  // namespace ferry::packaging::azure
