#include "platforms/knative/google_events.h"

#include <algorithm>

#include "platforms/json_view.h"
#include "platforms/knative/google_tables.h"

namespace ferry::platforms::knative {
namespace {

using event::JsonKind;

constexpr std::string_view kMessageType = "type.googleapis.com/google.pubsub.v1.PubsubMessage";
constexpr std::string_view kMessagePublished = "google.cloud.pubsub.topic.v1.messagePublished";
// Where a Firebase database is when its domain does not say.
constexpr std::string_view kFirstLocation = "us-central1";

// An object, member by member; values are JSON.
class ObjectText {
 public:
  void add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? "{" : ",";
    event::append_json_string(text_, name);
    text_ += ':';
    text_ += value;
  }
  std::string take() { return text_.empty() ? "{}" : std::move(text_) + "}"; }

 private:
  std::string text_;
};

std::string text_of(JsonView value) { return value.scalar().value_or(""); }

struct Names {
  std::string_view source;
  std::string_view subject;
};

// Cuts one segment off the front of a path.
std::string_view next_segment(std::string_view& path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view out = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return out;
}

std::optional<Names> split_resource(std::string_view service, std::string_view resource) {
  const auto* row = std::ranges::find(kResources, service, &ResourceRow::service);
  if (row == kResources.end()) {
    return Names{resource, ""};
  }
  std::string_view rest = resource;
  for (std::string_view wanted : row->source) {
    if (wanted.empty()) {
      break;
    }
    const std::string_view segment = next_segment(rest);
    if (segment.empty() || (wanted != "*" && wanted != segment)) {
      return std::nullopt;
    }
  }
  const std::size_t at = resource.size() - rest.size();
  const std::string_view subject = rest;
  if (next_segment(rest) != row->subject || rest.empty() ||
      (row->one_more && rest.find('/') != std::string_view::npos)) {
    return std::nullopt;
  }
  return Names{resource.substr(0, at - 1), subject};
}

// {"message": data}, with what Pub/Sub itself says of a message.
std::string wrap_message(JsonView data, std::string_view id, std::string_view time) {
  ObjectText message;
  for (const auto& [name, value] : data.members()) {
    message.add(name, value.text());
  }
  if (!data.member("publishTime").present()) {
    message.add("publishTime", event::json_string(time));
  }
  if (!data.member("messageId").present()) {
    message.add("messageId", event::json_string(id));
  }
  return "{\"message\":" + message.take() + "}";
}

// `from` and `to` choose the direction of kUserMetadata.
std::string rename_metadata(JsonView data, std::string_view NameRow::*from,
                            std::string_view NameRow::*to) {
  ObjectText out;
  for (const auto& [name, value] : data.members()) {
    if (name != "metadata" || !value.is(JsonKind::kObject)) {
      out.add(name, value.text());
      continue;
    }
    ObjectText metadata;
    for (const auto& [key, each] : value.members()) {
      const auto* row = std::ranges::find(kUserMetadata, key, from);
      metadata.add(row == kUserMetadata.end() ? std::string_view(key) : (*row).*to, each.text());
    }
    out.add(name, metadata.take());
  }
  return out.take();
}

// "europe-west1" of "europe-west1.firebasedatabase.app".
std::optional<std::string> location_of(const std::string& domain) {
  if (domain == "firebaseio.com") {
    return std::string(kFirstLocation);
  }
  const std::size_t dot = domain.find('.');
  if (dot == std::string::npos || dot == 0) {
    return std::nullopt;
  }
  return domain.substr(0, dot);
}

// "projects/P/topics/T" where it is in a path.
std::string topic_in(std::string_view path) {
  for (std::size_t at = path.find("projects/"); at != std::string_view::npos;
       at = path.find("projects/", at + 1)) {
    std::string_view rest = path.substr(at);
    next_segment(rest);
    const std::string_view project = next_segment(rest);
    const std::string_view topics = next_segment(rest);
    const std::string_view topic = next_segment(rest);
    if (!project.empty() && topics == "topics" && !topic.empty()) {
      return "projects/" + std::string(project) + "/topics/" + std::string(topic);
    }
  }
  return {};
}

std::optional<event::Event> checked(event::Event event) {
  event.datacontenttype = "application/json";
  if (!event::validate(event).ok()) {
    return std::nullopt;
  }
  return event;
}

// What a push subscription sends is, to the letter, the data of the event that Eventarc makes of
// a message (google.events.cloud.pubsub.v1.MessagePublishedData).
std::optional<event::Event> from_push(JsonView root, std::string_view path) {
  const JsonView message = root.member("message");
  std::string resource = topic_in(path);
  if (resource.empty()) {
    resource = text_of(root.member("subscription"));
  }
  event::Event event;
  event.id = text_of(message.member("messageId"));
  event.type = kMessagePublished;
  event.source = "//" + std::string(kPubSub) + "/" + resource;
  if (auto time = message.member("publishTime").scalar()) {
    event.time = std::move(*time);
  }
  event.data = std::string(root.text());
  return checked(std::move(event));
}

}  // namespace

std::optional<event::Event> from_background(std::string_view body, std::string_view path) {
  // Most bodies are none, which this alone mostly shows.
  const bool may_be = body.find("eventType") != std::string_view::npos ||
                      body.find("messageId") != std::string_view::npos;
  if (!may_be || !event::check_json(body).ok()) {
    return std::nullopt;
  }
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const JsonView root(body.substr(first, body.find_last_not_of(" \t\r\n") + 1 - first));
  if (!root.member("context").present() && root.member("subscription").is(JsonKind::kString) &&
      root.member("message").member("messageId").is(JsonKind::kString)) {
    return from_push(root, path);
  }
  const JsonView context =
      root.member("context").is(JsonKind::kObject) ? root.member("context") : root;
  const JsonView data = root.member("data");
  const std::string type = text_of(context.member("eventType"));
  const auto* row = std::ranges::find(kTypes, type, &TypeRow::background);
  if (row == kTypes.end() || !data.present()) {
    return std::nullopt;
  }
  const JsonView resource = context.member("resource");
  std::string service = text_of(resource.member("service"));
  if (service.empty()) {
    const auto* named = std::ranges::find_if(
        kServices, [&](const ServiceRow& each) { return type.starts_with(each.prefix); });
    service = named == kServices.end() ? "" : std::string(named->service);
  }
  const std::string whole =
      resource.is(JsonKind::kObject) ? text_of(resource.member("name")) : text_of(resource);
  const auto names = split_resource(service, whole);
  if (!names || service.empty()) {
    return std::nullopt;
  }
  event::Event event;
  event.id = text_of(context.member("eventId"));
  event.type = row->cloud_event;
  event.source = "//" + service + "/" + std::string(names->source);
  if (!names->subject.empty()) {
    event.subject = std::string(names->subject);
  }
  const std::string time = text_of(context.member("timestamp"));
  if (!time.empty()) {
    event.time = time;
  }
  if (service == kPubSub && data.is(JsonKind::kObject)) {
    event.data = wrap_message(data, event.id, time);
  } else if (service == kFirebaseAuth && data.is(JsonKind::kObject)) {
    event.data = rename_metadata(data, &NameRow::background, &NameRow::cloud_event);
    if (auto uid = data.member("uid").scalar()) {
      event.subject = "users/" + *uid;
    }
  } else if (service == kPubSub) {
    return std::nullopt;
  } else {
    event.data = std::string(data.text());
  }
  if (service == kFirebaseDb) {
    const auto location = location_of(text_of(root.member("domain")));
    if (!location) {
      return std::nullopt;
    }
    // Behind "projects/_/".
    event.source = "//" + service + "/projects/_/locations/" + *location + "/" +
                   std::string(names->source.substr(std::string_view("projects/_/").size()));
  }
  return checked(std::move(event));
}

namespace {

// "//SERVICE/NAME"
struct Source {
  std::string_view service;
  std::string_view name;
};
std::optional<Source> split_source(std::string_view source) {
  if (!source.starts_with("//")) {
    return std::nullopt;
  }
  source.remove_prefix(2);
  const std::string_view service = next_segment(source);
  if (service.empty() || source.empty()) {
    return std::nullopt;
  }
  return Source{service, source};
}

std::string without_location(std::string_view resource) {
  constexpr std::string_view kMark = "/locations/";
  const std::size_t at = resource.find(kMark);
  if (at == std::string_view::npos) {
    return std::string(resource);
  }
  std::string_view rest = resource.substr(at + kMark.size());
  next_segment(rest);
  return std::string(resource.substr(0, at)) + "/" + std::string(rest);
}

std::string resource_object(std::string_view service, std::string_view name, JsonView type) {
  ObjectText out;
  out.add("name", event::json_string(name));
  out.add("service", event::json_string(service));
  if (type.present()) {
    out.add("type", type.text());
  }
  return out.take();
}

std::string message_of(JsonView data) {
  const JsonView message =
      data.member("message").is(JsonKind::kObject) ? data.member("message") : data;
  ObjectText out;
  for (const auto& [name, value] : message.members()) {
    if (name != "messageId" && name != "publishTime") {
      out.add(name, value.text());
    }
  }
  return out.take();
}

}  // namespace

Result<std::string> to_background(const event::Event& event) {
  const auto* row = std::ranges::find(kTypes, event.type, &TypeRow::cloud_event);
  const auto source = split_source(event.source);
  if (row == kTypes.end() || !source || !event.data || !event::check_json(*event.data).ok()) {
    return Error{Code::kUnsupported, "this event has no form of before CloudEvents", ""};
  }
  const std::size_t first = event.data->find_first_not_of(" \t\r\n");
  const JsonView data(std::string_view(*event.data)
                          .substr(first, event.data->find_last_not_of(" \t\r\n") + 1 - first));
  std::string name(source->name);
  if (event.subject && source->service != kFirebaseAuth) {
    name += "/" + *event.subject;
  }
  std::string resource = event::json_string(name);
  std::string payload(data.text());
  if (source->service == kPubSub) {
    const std::string type = event::json_string(kMessageType);
    resource = resource_object(kPubSub, source->name, JsonView(type));
    payload = message_of(data);
  } else if (source->service == kFirebaseAuth && data.is(JsonKind::kObject)) {
    payload = rename_metadata(data, &NameRow::cloud_event, &NameRow::background);
  } else if (source->service == kFirebaseDb) {
    resource = event::json_string(without_location(name));
  } else if (source->service == kStorage) {
    resource = resource_object(kStorage, name, data.member("kind"));
  }
  ObjectText context;
  context.add("eventId", event::json_string(event.id));
  context.add("timestamp", event::json_string(event.time.value_or("")));
  context.add("eventType", event::json_string(row->background));
  context.add("resource", resource);
  ObjectText out;
  out.add("context", context.take());
  out.add("data", payload);
  return out.take();
}

}  // namespace ferry::platforms::knative
