#include <fmt/format.h>

#include "base/bytes.h"
#include "event/content_type.h"
#include "event/json.h"
#include "event/json_text.h"

namespace ferry::event {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

void append_member(std::string& out, std::string_view name,
                   const std::optional<std::string>& text) {
  if (text) append_member(out, name, std::string_view(*text));
}

void append_data(std::string& out, const Event& event) {
  const std::string& data = *event.data;
  if (event.datacontenttype && is_json_type(*event.datacontenttype)) {
    out += ",\"data\":";
    out += data;
    return;
  }
  auto type = event.datacontenttype ? parse_content_type(*event.datacontenttype) : std::nullopt;
  if (type && is_text_type(*event.datacontenttype) && is_utf8_charset(type->charset) &&
      is_utf8(data)) {
    append_member(out, "data", std::string_view(data));
    return;
  }
  out += ",\"data_base64\":\"";
  out += to_base64(as_bytes(data));
  out += '"';
}

// Without the brace that ends it.
void append_members(std::string& out, const Event& event) {
  out += "{\"specversion\":\"1.0\"";
  append_member(out, "id", std::string_view(event.id));
  append_member(out, "source", std::string_view(event.source));
  append_member(out, "type", std::string_view(event.type));
  append_member(out, "subject", event.subject);
  append_member(out, "time", event.time);
  append_member(out, "datacontenttype", event.datacontenttype);
  append_member(out, "dataschema", event.dataschema);
  for (const auto& [name, value] : event.extensions) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      append_member(out, name, std::string_view(*text));
    } else {
      out += ",\"";
      out += name;
      out += "\":";
      out += to_string(value);
    }
  }
}

Status append_event(std::string& out, const Event& event) {
  FERRY_CHECK_OK(validate(event));
  FERRY_CHECK_OK(validate_data(event));
  append_members(out, event);
  if (event.data) append_data(out, event);
  out += '}';
  return Done{};
}

// Near enough that most events are written without growing.
std::size_t size_hint(const Event& event) {
  return 256 + (event.data ? event.data->size() + event.data->size() / 2 : 0);
}

}  // namespace

Result<std::string> to_json(const Event& event) {
  std::string out;
  out.reserve(size_hint(event));
  FERRY_CHECK_OK(append_event(out, event));
  return out;
}

void append_attributes(std::string& out, const Event& event) {
  append_members(out, event);
  out += '}';
}

Result<std::string> to_json_batch(std::span<const Event> events) {
  std::string out = "[";
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) out += ',';
    if (Status status = append_event(out, events[i]); !status.ok()) {
      return with_context(std::move(status).error(), fmt::format("event {}", i));
    }
  }
  out += ']';
  return out;
}

}  // namespace ferry::event
