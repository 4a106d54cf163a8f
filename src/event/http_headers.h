// Looking up headers by name. Internal to src/event; all views borrow from the headers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/http.h"

namespace ferry::event {

// Without spaces and tabs at either end (RFC 9110, 5.5).
std::string_view trimmed(std::string_view value);

// The trimmed value of the one header of this name (in lower case). An error, in which it is
// called `attribute`, when it is there twice.
Result<std::optional<std::string_view>> single_header(std::span<const HeaderView> headers,
                                                      std::string_view name,
                                                      std::string_view attribute);

// The same of Content-Type, which is read once.
Result<std::optional<std::string_view>> content_type_of(const HttpRequest& request);

// All values of that name, joined: by "; " for cookie, else by ", " (RFC 9110, 5.3). Nothing when
// there is none.
std::optional<std::string> joined_header(std::span<const HeaderView> headers,
                                         std::string_view name);

// traceparent, tracestate and, with `baggage`, baggage: from the request's own headers into the
// extensions of the same names (Distributed Tracing extension), unless the event has a traceparent.
// A value that can't be an attribute is left out.
void add_tracing(Event& event, std::span<const HeaderView> headers, bool baggage);

// A body without Content-Type may be examined for what it is (RFC 9110, 8.3). All official SDKs
// take it for JSON, and the Python SDK leaves the header out; so do we, but only if it is JSON.
void say_if_json(Event& event);

// Removes the byte order mark from JSON: readers may ignore it (RFC 8259, 8.1), and many
// readers know none. Without a content type, off what is JSON then.
void drop_byte_order_mark(std::optional<std::string>& data,
                          std::optional<std::string_view> content_type);

// How a Content-Type says that the body is a CloudEvent: not at all, by the JSON format or its
// batch, or by a format we don't speak.
enum class Format : unsigned char { kNone, kJson, kJsonBatch, kUnknown };
Format format_of(std::string_view content_type);

}  // namespace ferry::event
