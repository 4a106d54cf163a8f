#include "event/http_headers.h"

#include "event/content_type.h"
#include "event/rules.h"

namespace ferry::event {

std::string_view trimmed(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  return value;
}

Result<std::optional<std::string_view>> single_header(std::span<const HeaderView> headers,
                                                      std::string_view name,
                                                      std::string_view attribute) {
  std::optional<std::string_view> found;
  for (const HeaderView& header : headers) {
    if (header.first.size() != name.size() || !same_word(header.first, name)) continue;
    if (found) {
      return broken_rule(attribute, "appears twice: header " + std::string(name), "RFC 9110, 5.3");
    }
    found = trimmed(header.second);
  }
  return found;
}

Result<std::optional<std::string_view>> content_type_of(const HttpRequest& request) {
  if (request.content_type) return *request.content_type;
  return single_header(request.headers, "content-type", "datacontenttype");
}

std::optional<std::string> joined_header(std::span<const HeaderView> headers,
                                         std::string_view name) {
  std::optional<std::string> out;
  for (const HeaderView& header : headers) {
    if (header.first.size() != name.size() || !same_word(header.first, name)) continue;
    if (out) {
      *out += name == "cookie" ? "; " : ", ";
      *out += trimmed(header.second);
    } else {
      out.emplace(trimmed(header.second));
    }
  }
  return out;
}

void add_tracing(Event& event, std::span<const HeaderView> headers, bool baggage) {
  if (event.extensions.find("traceparent") != event.extensions.end()) return;
  auto add = [&](std::string_view name) {
    auto value = joined_header(headers, name);
    if (!value || value->empty() || why_not_string(*value) != nullptr) return false;
    return event.extensions.emplace(name, std::move(*value)).second;
  };
  if (add("traceparent")) add("tracestate");
  if (baggage) add("baggage");
}

}  // namespace ferry::event
