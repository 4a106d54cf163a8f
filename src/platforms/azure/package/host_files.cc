#include "platforms/azure/package/host_files.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "event/json_text.h"
#include "platforms/azure/answer.h"

namespace ferry::packaging::azure {
namespace {

// Minutes that the consumption plan allows at most.
constexpr std::int64_t kMaxSeconds = 600;

// Binding references of Azure Functions. `of` names the member that says what is listened to.
struct Row {
  std::string_view kind;
  std::string_view type;
  std::string_view of;          // empty: there is none to say
  std::string_view connection;  // name of the app setting with the connection; empty: none
  std::string_view more;        // further members
};
constexpr std::string_view kCosmos = "cosmosdb";
constexpr std::array kRows{
    Row{"http", "httpTrigger", "", "", ""},
    Row{"eventgrid", "eventGridTrigger", "", "", ""},
    Row{"timer", "timerTrigger", "schedule", "", ""},
    Row{"queue", "queueTrigger", "queueName", "AzureWebJobsStorage", ""},
    Row{"blob", "blobTrigger", "path", "AzureWebJobsStorage", R"("dataType": "binary")"},
    Row{"servicebus", "serviceBusTrigger", "queueName", "ServiceBusConnection", ""},
    Row{"eventhub", "eventHubTrigger", "eventHubName", "EventHubConnection",
        R"("cardinality": "one")"},
    Row{kCosmos, "cosmosDBTrigger", "containerName", "CosmosDBConnection",
        R"("createLeaseContainerIfNotExists": true)"},
};

const Row* find_row(std::string_view kind) {
  const auto* row = std::ranges::find(kRows, kind, &Row::kind);
  return row == kRows.end() ? nullptr : row;
}

std::string http_json(const std::string& route) {
  return fmt::format(
      R"({{
  "bindings": [
    {{
      "type": "httpTrigger",
      "direction": "in",
      "name": "req",
      "authLevel": "function",
      "methods": ["get", "head", "post", "put", "patch", "delete", "options"],
      "route": {}
    }},
    {{
      "type": "http",
      "direction": "out",
      "name": "{}"
    }}
  ]
}}
)",
      event::json_string(route + "/{*rest}"), platforms::azure::kHttpBinding);
}

}  // namespace

Result<TriggerSpec> parse_trigger(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  TriggerSpec out{std::string(text.substr(0, equals)),
                  std::string(text.substr(std::min(equals + 1, text.size())))};
  const Row* row = find_row(out.kind);
  if (row == nullptr) {
    std::string kinds;
    for (const Row& each : kRows) {
      kinds += (kinds.empty() ? "" : ", ") + std::string(each.kind);
    }
    return Error{Code::kUsage, fmt::format("no trigger is called '{}'", out.kind),
                 "there are " + kinds};
  }
  if (row->of.empty() != out.of.empty()) {
    return Error{Code::kUsage,
                 row->of.empty()
                     ? fmt::format("the trigger {} takes no value", row->kind)
                     : fmt::format("the trigger {0} wants a value: {0}={1}", row->kind, row->of),
                 ""};
  }
  const std::size_t slash = std::min(out.of.find('/'), out.of.size());
  if (row->kind == kCosmos && (slash == 0 || slash + 1 >= out.of.size())) {
    return Error{Code::kUsage, "the trigger cosmosdb wants a value: cosmosdb=DATABASE/CONTAINER",
                 ""};
  }
  return out;
}

std::string host_json(const function::Limits& limits) {
  const std::int64_t seconds = std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(limits.timeout).count() + 1, 2, kMaxSeconds);
  return fmt::format(
      R"json({{
  "version": "2.0",
  "functionTimeout": "00:{:02}:{:02}",
  "extensionBundle": {{
    "id": "Microsoft.Azure.Functions.ExtensionBundle",
    "version": "[4.*, 5.0.0)"
  }},
  "customHandler": {{
    "description": {{
      "defaultExecutablePath": "ferry-host",
      "arguments": ["--platform", "azure"]
    }},
    "enableForwardingHttpRequest": true
  }}
}}
)json",
      seconds / 60, seconds % 60);
}

std::string function_json(const TriggerSpec& trigger, const std::string& route) {
  const Row* row = find_row(trigger.kind);
  if (row == nullptr || trigger.kind == "http") {
    return http_json(route);
  }
  std::string members =
      fmt::format(R"("type": "{}", "direction": "in", "name": "{}")", row->type, trigger.kind);
  if (const std::size_t slash = trigger.of.find('/');
      row->kind == kCosmos && slash != std::string::npos) {
    members += fmt::format(R"(, "databaseName": {}, "{}": {})",
                           event::json_string(trigger.of.substr(0, slash)), row->of,
                           event::json_string(trigger.of.substr(slash + 1)));
  } else if (!row->of.empty()) {
    members += fmt::format(R"(, "{}": {})", row->of, event::json_string(trigger.of));
  }
  if (!row->connection.empty()) {
    members += fmt::format(R"(, "connection": "{}")", row->connection);
  }
  if (!row->more.empty()) {
    members += ", " + std::string(row->more);
  }
  return "{\n  \"bindings\": [\n    {" + members + "}\n  ]\n}\n";
}

std::string function_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (letter || (other && !out.empty())) {
      out += c;
    } else if (!out.empty()) {
      out += '-';
    }
  }
  return out.empty() ? "function" : out.substr(0, 100);
}

}  // namespace ferry::packaging::azure
