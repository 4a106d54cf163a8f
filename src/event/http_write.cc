// From events to HTTP messages: CloudEvents HTTP binding 1.0.2, section 3.
#include "event/http.h"
#include "event/http_headers.h"
#include "event/json.h"
#include "event/rules.h"

namespace ferry::event {
namespace {

HttpMessage to_binary(Event event) {
  HttpMessage out;
  out.headers.reserve(9 + event.extensions.size());
  auto add = [&out](std::string_view name, std::string_view value) {
    std::string header = "ce-";
    header += name;
    out.headers.emplace_back(std::move(header), encode_header_value(value));
  };
  add("specversion", "1.0");
  add("id", event.id);
  add("source", event.source);
  add("type", event.type);
  if (event.subject) add("subject", *event.subject);
  if (event.time) add("time", *event.time);
  if (event.dataschema) add("dataschema", *event.dataschema);
  for (const auto& [name, value] : event.extensions) {
    add(name, to_string(value));
  }
  if (event.datacontenttype) {
    out.headers.emplace_back("content-type", std::move(*event.datacontenttype));
  }
  if (event.data) out.body = std::move(*event.data);
  return out;
}

}  // namespace

Result<HttpMessage> to_http(Event event, Mode mode) {
  if (mode == Mode::kBinary) {
    FERRY_CHECK_OK(validate(event));
    FERRY_CHECK_OK(validate_data(event));
    Format format = format_of(event.datacontenttype.value_or(""));
    if (format == Format::kJson || format == Format::kJsonBatch) {
      return broken_rule("datacontenttype",
                         "is a CloudEvents format, which binary mode cannot say of its data",
                         kHttpModes);
    }
    return to_binary(std::move(event));
  }
  if (mode != Mode::kStructured) {
    return Error{Code::kInternal, "one event is written in binary or structured mode", ""};
  }
  HttpMessage out;
  FERRY_TRY(out.body, to_json(event));
  out.headers.emplace_back("content-type", kJsonMediaType);
  return out;
}

Result<HttpMessage> to_http_batch(std::span<const Event> events) {
  HttpMessage out;
  FERRY_TRY(out.body, to_json_batch(events));
  out.headers.emplace_back("content-type", kJsonBatchMediaType);
  return out;
}

}  // namespace ferry::event
