#include "platforms/azure/events.h"

#include <algorithm>
#include <array>

#include "base/ids.h"
#include "event/json.h"
#include "event/uri.h"
#include "host/reply.h"

namespace ferry::platforms::azure {
namespace {

using event::JsonKind;

// Binding references of Azure Functions, "trigger metadata". The first row whose `when`, names with
// ';' between them, are all there wins.
struct Row {
  std::string_view when;
  std::string_view type;
  std::string_view id;
  std::string_view subject;
  std::string_view time;
  std::string_view content_type = "";
};
constexpr std::array kRows{
    Row{"PopReceipt;DequeueCount", "com.microsoft.azure.storage.queue.message", "Id", "",
        "InsertionTime"},
    Row{"BlobTrigger;Uri", "com.microsoft.azure.storage.blob.changed", "", "BlobTrigger", ""},
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

Value data_of(const Message& message) {
  const auto members = message.data.members();
  // Input bindings beside the trigger: the function gets them all, by name.
  return members.size() == 1 ? value_of(members.front().second)
                             : Value{std::string(message.data.text()), true};
}

}  // namespace

event::Event event_of(const Message& message, const Trigger& trigger, const Clock& clock,
                      Random& random) {
  const Value value = data_of(message);
  if (auto event = carried_event(value)) {
    return *std::move(event);
  }
  const auto* row = std::ranges::find_if(
      kRows, [&](const Row& each) { return has_all(message.metadata, each.when); });
  const bool known = row != kRows.end();
  event::Event out;
  out.source = event::to_uri_path("/azure/functions/" + trigger.function);
  out.type = kAnyType;
  if (known) {
    out.type = row->type;
  } else if (has_all(JsonView(value.json ? std::string_view(value.text) : "null"),
                     "Schedule;IsPastDue")) {
    out.type = kTimerType;
  }
  const std::string fallback =
      trigger.invocation.empty() ? uuid_v7(clock, random) : trigger.invocation;
  out.id = known ? text_at(message.metadata, row->id) : "";
  if (out.id.empty() || !event::validate(out).ok()) {
    out.id = fallback;
  }
  out.time = to_rfc3339(clock.wall());
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
