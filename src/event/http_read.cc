// From HTTP messages to events: CloudEvents HTTP binding 1.0.2, section 3.
#include <algorithm>

#include "event/content_type.h"
#include "event/http.h"
#include "event/http_headers.h"
#include "event/json.h"
#include "event/json_text.h"
#include "event/request.h"
#include "event/rules.h"
#include "event/uri.h"

namespace ferry::event {
namespace {

bool is_ce_header(std::string_view name) {
  return name.size() >= 3 && (name[0] | 0x20) == 'c' && (name[1] | 0x20) == 'e' && name[2] == '-';
}

// Whether one of the required attributes is in a header: then the sender means a CloudEvent.
bool has_required_header(std::span<const HeaderView> headers) {
  for (const HeaderView& header : headers) {
    if (!is_ce_header(header.first)) continue;
    std::string_view name = header.first.substr(3);
    if (same_word(name, "specversion") || same_word(name, "id") || same_word(name, "source") ||
        same_word(name, "type")) {
      return true;
    }
  }
  return false;
}

Status check_charset(std::string_view content_type) {
  auto parsed = parse_content_type(content_type);
  if (parsed && is_utf8_charset(parsed->charset)) return Done{};
  return broken_rule("datacontenttype",
                     "of the message, the Content-Type header '" + printable(content_type) +
                         "', is not a media type in UTF-8",
                     kHttpStructured);
}

// The attributes of a binary-mode message, before it is known to be an event.
struct Attributes {
  std::optional<std::string> specversion, id, source, type, subject, time, dataschema;
  std::map<std::string, Value, std::less<>> extensions;

  std::optional<std::string>* core(std::string_view name) {
    if (name == "specversion") return &specversion;
    if (name == "id") return &id;
    if (name == "source") return &source;
    if (name == "type") return &type;
    if (name == "subject") return &subject;
    if (name == "time") return &time;
    if (name == "dataschema") return &dataschema;
    return nullptr;
  }
};

// A header's value decoded; a URI as it is where only that is one. Some senders (Go's SDK, and
// so Knative's dispatcher) write the percent-encoding that belongs to the URI and encode it no
// second time, as they should: "https://example.com/a%20b" decoded would be no URI.
Result<std::string> attribute_value(std::string_view name, std::string_view value) {
  auto decoded = decode_header_value(value);
  bool (*is_uri)(std::string_view) = name == "source"       ? is_uri_reference
                                     : name == "dataschema" ? is_absolute_uri
                                                            : nullptr;
  if (is_uri == nullptr || (decoded.ok() && is_uri(*decoded)) || !is_uri(value)) return decoded;
  return std::string(value);
}

Status take_header(Attributes& attributes, const HeaderView& header) {
  std::string name(header.first.substr(3));
  for (char& c : name) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  if (name == "datacontenttype") {
    return broken_rule(name, "must come as Content-Type, never as a ce- header", kHttpContentType);
  }
  auto value = attribute_value(name, trimmed(header.second));
  if (!value.ok()) return broken_rule(name, value.error().message, kHttpValues);
  std::optional<std::string>* core = attributes.core(name);
  bool again = core != nullptr ? core->has_value() : attributes.extensions.count(name) > 0;
  if (again) return broken_rule(name, "appears twice", kHttpNames);
  if (core != nullptr) {
    *core = std::move(value).value();
  } else {
    attributes.extensions.emplace(std::move(name), std::move(value).value());
  }
  return Done{};
}

Result<Event> from_binary(std::span<const HeaderView> headers,
                          std::optional<std::string_view> content_type, std::string body) {
  Attributes attributes;
  for (const HeaderView& header : headers) {
    if (is_ce_header(header.first)) FERRY_CHECK_OK(take_header(attributes, header));
  }
  FERRY_CHECK_OK(check_specversion(attributes.specversion.value_or("")));
  Event event;
  event.id = std::move(attributes.id).value_or("");
  event.source = std::move(attributes.source).value_or("");
  event.type = std::move(attributes.type).value_or("");
  event.subject = std::move(attributes.subject);
  event.time = std::move(attributes.time);
  event.dataschema = std::move(attributes.dataschema);
  event.extensions = std::move(attributes.extensions);
  if (content_type) {
    if (!parse_content_type(*content_type)) {
      return broken_rule("datacontenttype",
                         "is made from the Content-Type header '" + printable(*content_type) +
                             "', which is not a media type of RFC 2046",
                         kHttpContentType);
    }
    event.datacontenttype = std::string(*content_type);
  }
  if (!body.empty()) event.data = std::move(body);
  drop_byte_order_mark(event.data, content_type);
  say_if_json(event);
  FERRY_CHECK_OK(validate(event));
  FERRY_CHECK_OK(validate_data(event));
  add_tracing(event, headers, false);
  return event;
}

Result<std::optional<Received>> read_message(std::span<const HeaderView> headers,
                                             std::optional<std::string_view> content_type,
                                             std::string& body) {
  const Format format = content_type ? format_of(*content_type) : Format::kNone;
  const bool binary = has_required_header(headers);
  if (format == Format::kNone && !binary) return std::optional<Received>();  // most requests
  Received out;
  if (format == Format::kJsonBatch) {
    FERRY_CHECK_OK(check_charset(*content_type));
    out.mode = Mode::kBatch;
    FERRY_TRY(out.batch, from_json_batch(body));
    return std::optional<Received>(std::move(out));
  }
  if (format == Format::kJson) {
    FERRY_CHECK_OK(check_charset(*content_type));
    out.mode = Mode::kStructured;
    FERRY_TRY(out.event, from_json(body));
    add_tracing(out.event, headers, false);
    return std::optional<Received>(std::move(out));
  }
  if (binary) {
    out.mode = Mode::kBinary;
    FERRY_TRY(out.event, from_binary(headers, content_type, std::move(body)));
    return std::optional<Received>(std::move(out));
  }
  if (format == Format::kUnknown) {
    return Error{Code::kUnsupported,
                 "event format '" + printable(*content_type) + "' is not spoken here (" +
                     std::string(kHttpModes) + ")",
                 "send application/cloudevents+json or application/cloudevents-batch+json"};
  }
  return std::optional<Received>();
}

}  // namespace

void drop_byte_order_mark(std::optional<std::string>& data,
                          std::optional<std::string_view> content_type) {
  if (!data || !data->starts_with(kByteOrderMark)) return;
  const std::string_view rest = std::string_view(*data).substr(kByteOrderMark.size());
  if (content_type ? is_json_type(*content_type) : check_json(rest).ok()) {
    data->erase(0, kByteOrderMark.size());
  }
}

void say_if_json(Event& event) {
  if (event.data && !event.datacontenttype && check_json(*event.data).ok()) {
    event.datacontenttype = "application/json";
  }
}

Format format_of(std::string_view content_type) {
  static constexpr std::string_view kPrefix = "application/cloudevents";
  if (!same_word(content_type.substr(0, kPrefix.size()), kPrefix)) return Format::kNone;
  std::string_view media = trimmed(content_type.substr(0, content_type.find(';')));
  if (same_word(media, kJsonMediaType)) return Format::kJson;
  if (same_word(media, kJsonBatchMediaType)) return Format::kJsonBatch;
  return Format::kUnknown;
}

bool is_cloudevent(std::span<const HeaderView> headers) {
  return has_required_header(headers) || std::ranges::any_of(headers, [](const HeaderView& header) {
           return same_word(header.first, "content-type") && is_cloudevents_type(header.second);
         });
}

bool is_cloudevents_type(std::string_view content_type) {
  return format_of(content_type) != Format::kNone;
}

Result<std::optional<Received>> from_http_message(std::span<const HeaderView> headers,
                                                  std::string body) {
  FERRY_TRY(auto content_type, single_header(headers, "content-type", "datacontenttype"));
  return read_message(headers, content_type, body);
}

Result<std::optional<Received>> cloudevents_of(HttpRequest& request) {
  FERRY_TRY(auto content_type, content_type_of(request));
  request.content_type = content_type;
  return read_message(request.headers, content_type, request.body);
}

Result<Received> from_http(HttpRequest request, const Clock& clock, Random& random,
                           std::span<const std::string_view> carried) {
  FERRY_TRY(auto received, cloudevents_of(request));
  if (received) return std::move(*received);
  PlainRequest plain(std::move(request), clock, random, carried);
  FERRY_CHECK_OK(plain.check());
  Received out;
  out.event = std::move(plain.whole());
  return out;
}

}  // namespace ferry::event
