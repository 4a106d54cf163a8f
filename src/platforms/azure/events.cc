#include "platforms/azure/events.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/ids.h"
#include "event/json.h"
#include "event/uri.h"
#include "host/reply.h"

namespace ferry::platforms::azure {
namespace {

using event::JsonKind;

// Binding references of Azure Functions, "trigger metadata", less what the host leaves out: every
// name that ends in "trigger" (ScriptInvocationContextExtensions.cs). The first row whose `when`,
// names with ';' between them, are all there wins.
struct Row {
  std::string_view when;
  std::string_view type;
  std::string_view id;
  std::string_view subject;
  std::string_view time;
  std::string_view content_type = {};
};
constexpr std::string_view kBlobType = "com.microsoft.azure.storage.blob.changed";
constexpr std::string_view kCosmosType = "com.microsoft.azure.cosmosdb.changes";
constexpr std::array kRows{
    Row{"PopReceipt;DequeueCount", "com.microsoft.azure.storage.queue.message", "Id", "",
        "InsertionTime"},
    Row{"Uri;Properties;Metadata", kBlobType, "", "", ""},
    Row{"EnqueuedTimeUtc;MessageId", "com.microsoft.azure.servicebus.message", "MessageId",
        "Subject", "EnqueuedTimeUtc", "ContentType"},
    Row{"PartitionContext;SequenceNumber", "com.microsoft.azure.eventhubs.event", "SequenceNumber",
        "PartitionKey", "EnqueuedTimeUtc"},
};
constexpr std::string_view kAnyType = "com.microsoft.azure.functions.trigger";
constexpr std::string_view kTimerType = "com.microsoft.azure.functions.timer";

bool has_all(JsonView metadata, std::string_view names) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(';'), names.size());
    if (!metadata.member(names.substr(0, end)).present()) {
      return false;
    }
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return true;
}

// A member as text, or nothing.
std::string text_at(JsonView metadata, std::string_view name) {
  const JsonView found = name.empty() ? JsonView() : metadata.member(name);
  return found.present() && !found.is(JsonKind::kNull) ? value_of(found).text : "";
}

// The host writes times with an offset or, of a DateTime in UTC, with none.
std::string time_of(std::string text) {
  const std::size_t clock = text.find('T');
  if (clock != std::string::npos && text.find_first_of("Z+-", clock) == std::string::npos) {
    text += 'Z';
  }
  return text;
}

// CONTAINER/NAME of a blob's URI.
std::string blob_path(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  const std::size_t path = scheme == std::string_view::npos ? 0 : uri.find('/', scheme + 3);
  return path == std::string_view::npos ? "" : std::string(uri.substr(path + (path > 0 ? 1 : 0)));
}

// A blob's trigger says nothing of dataType, but bytes come in base64 and text in quotes of its
// own.
Value blob_of(JsonView raw) {
  Value value = value_of(raw);
  const std::string text = raw.scalar().value_or("");
  if (auto bytes = from_base64(text); raw.is(JsonKind::kString) && bytes.ok()) {
    value.text = *std::move(bytes);
  }
  return value;
}

// The change feed of Cosmos DB: a list of documents, each with the members that the service adds
// to all. Its trigger has no metadata of its own.
bool are_documents(std::string_view text) {
  const JsonView first = JsonView(text).element(0);
  return event::check_json(text).ok() && has_all(first, "_rid;_etag;_ts");
}

// A CloudEvent, or an event of Event Grid's own schema, as Microsoft maps it.
std::optional<event::Event> carried_event(const Value& value) {
  const std::size_t first = value.text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || value.text[first] != '{' ||
      !event::check_json(value.text).ok()) {
    return std::nullopt;
  }
  if (auto event = event::from_json(value.text); event.ok()) {
    return *std::move(event);
  }
  const JsonView root(std::string_view(value.text)
                          .substr(first, value.text.find_last_not_of(" \t\r\n") + 1 - first));
  if (!has_all(root, "id;topic;subject;eventType;eventTime")) {
    return std::nullopt;
  }
  event::Event out;
  out.id = text_at(root, "id");
  out.source = event::to_uri_path(text_at(root, "topic"));
  out.type = text_at(root, "eventType");
  out.subject = text_at(root, "subject");
  out.time = text_at(root, "eventTime");
  if (const JsonView data = root.member("data"); data.present()) {
    out.data = std::string(data.text());
    out.datacontenttype = "application/json";
  }
  return event::validate(out).ok() ? std::optional(std::move(out)) : std::nullopt;
}

// Sets an optional attribute, unless the event would not be valid with it.
void set(event::Event& event, std::optional<std::string> event::Event::*attribute,
         std::string text) {
  if (text.empty()) {
    return;
  }
  auto before = std::exchange(event.*attribute, std::move(text));
  if (!event::validate(event).ok()) {
    event.*attribute = std::move(before);
  }
}

Value data_of(const Message& message, bool blob) {
  const auto members = message.data.members();
  if (members.size() != 1) {
    // Input bindings beside the trigger: the function gets them all, by name.
    return Value{std::string(message.data.text()), true};
  }
  const JsonView raw = members.front().second;
  return blob ? blob_of(raw) : value_of(raw);
}

}  // namespace

event::Event event_of(const Message& message, const Trigger& trigger, const Clock& clock,
                      Random& random) {
  const auto* row = std::ranges::find_if(
      kRows, [&](const Row& each) { return has_all(message.metadata, each.when); });
  const bool known = row != kRows.end();
  const bool blob = known && row->type == kBlobType;
  const Value value = data_of(message, blob);
  if (auto event = carried_event(value); event && !blob) {
    return *std::move(event);
  }
  event::Event out;
  out.source = event::to_uri_path("/azure/functions/" + trigger.function);
  out.type = kAnyType;
  if (known) {
    out.type = row->type;
  } else if (has_all(JsonView(value.json ? std::string_view(value.text) : "null"),
                     "Schedule;IsPastDue")) {
    out.type = kTimerType;
  } else if (are_documents(value.text)) {
    out.type = kCosmosType;
  }
  const std::string fallback =
      trigger.invocation.empty() ? uuid_v7(clock, random) : trigger.invocation;
  out.id = known ? text_at(message.metadata, row->id) : "";
  if (out.id.empty() || !event::validate(out).ok()) {
    out.id = fallback;
  }
  out.time = to_rfc3339(clock.wall());
  if (blob) {
    set(out, &event::Event::subject, blob_path(text_at(message.metadata, "Uri")));
  }
  if (known) {
    set(out, &event::Event::subject, text_at(message.metadata, row->subject));
    set(out, &event::Event::time, time_of(text_at(message.metadata, row->time)));
  }
  if (!value.text.empty()) {
    out.data = value.text;
    out.datacontenttype = value.json ? "application/json" : host::sniff_content_type(value.text);
    if (known) {
      set(out, &event::Event::datacontenttype, text_at(message.metadata, row->content_type));
    }
    if (!event::validate_data(out).ok()) {
      out.datacontenttype = host::sniff_content_type(value.text);
    }
  }
  return out;
}

}  // namespace ferry::platforms::azure
