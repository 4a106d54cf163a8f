// An Event is a CloudEvent 1.0.2, in memory: what every platform's input becomes, and the only
// thing the host is ever given. Plain data, without an owner of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"

namespace ferry::event {

// The value of an extension attribute. Only these three survive the JSON format apart
// (CloudEvents JSON format 1.0.2, 2.2); all other types travel as their string form.
using Value = std::variant<std::string, bool, std::int32_t>;

// The canonical string form (CloudEvents 1.0.2, "Type System"): true, -5, text.
std::string to_string(const Value& value);

struct Event {
  // Required, never empty in a valid event. specversion is always "1.0" and not kept.
  std::string id;
  std::string source;  // URI-reference
  std::string type;

  // Optional; kept exactly as given, so that they pass through untouched.
  std::optional<std::string> subject;
  std::optional<std::string> time;  // RFC 3339, as written by the producer
  std::optional<std::string> datacontenttype;
  std::optional<std::string> dataschema;  // absolute URI

  // Extension attributes by name (lower-case letters and digits), ordered by name.
  std::map<std::string, Value, std::less<>> extensions;

  // The payload's bytes: JSON text for a JSON content type, else as they came. Absent is not
  // the same as empty.
  std::optional<std::string> data;

  bool operator==(const Event&) const = default;
};

// A plain HTTP request as it came. All borrowed from the event.
struct PlainHttp {
  std::string_view scheme;
  std::string_view method;
  std::string_view authority;        // empty: none
  std::string_view path_with_query;  // "/path?query"
  std::span<const std::pair<std::string_view, std::string_view>> headers;
  std::string_view mount = {};  // where the function begins in the path (HttpRequest::mount)
};

// An event whose data is always used and whose attributes rarely are: these may be made when they
// are first needed. Owned by the adapter that received it; one thread at a time.
class LazyEvent {
 public:
  virtual ~LazyEvent() = default;
  // Borrowed from the event.
  virtual std::optional<std::string_view> data() const = 0;
  virtual const Event& whole() = 0;
  // False where nobody has asked for the attributes yet, and they will be what event::PlainRequest
  // makes of http() with the default headers.
  virtual bool is_made() const { return true; }
  // Of an event that is a plain HTTP request, where the request is still there.
  virtual std::optional<PlainHttp> http() const { return std::nullopt; }
};

// One that is there already. Borrows it.
class ReadyEvent final : public LazyEvent {
 public:
  explicit ReadyEvent(const Event& event) : event_(event) {}
  std::optional<std::string_view> data() const override { return event_.data; }
  const Event& whole() override { return event_; }

 private:
  const Event& event_;
};

// Every rule of CloudEvents 1.0.2 that one event's attributes can break; the error (kInvalid)
// names the attribute and the section.
Status validate(const Event& event);
// Whether the payload is of its declared type: data that datacontenttype calls JSON must be
// well-formed JSON. Other types, and no data, always are.
Status validate_data(const Event& event);

// Whether a content type means JSON: application/json, text/json, or a +json suffix, in any
// case, with any parameters (CloudEvents JSON format 1.0.2, 3.1). Absent counts as JSON there;
// callers decide.
bool is_json_type(std::string_view content_type);
// Whether a content type is text by RFC 2046 or one of the well-known textual types.
bool is_text_type(std::string_view content_type);

}  // namespace ferry::event
