// The HTTP binding on arbitrary messages: "METHOD target", header lines, an empty line, the body.
// What is read must be valid and must survive each mode.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "event/environment.h"
#include "event/http.h"
#include "event/json_text.h"
#include "event/request.h"

namespace {

using ferry::event::Event;
using ferry::event::HeaderView;
using ferry::event::Mode;

void must(bool condition) {
  if (!condition) std::abort();
}

std::string_view cut(std::string_view& text, char end) {
  std::size_t at = std::min(text.find(end), text.size());
  std::string_view head = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return head;
}

// What a mode cannot tell apart: extension types in headers, no body and an empty one, white space
// around a JSON payload, JSON of no type (a byte order mark before it) and JSON that says so.
Event normal(Event event, Mode mode) {
  if (mode == Mode::kBinary) {
    for (auto& [name, value] : event.extensions) value = ferry::event::to_string(value);
    if (event.data && event.data->empty()) event.data.reset();
    const std::string_view mark = ferry::event::kByteOrderMark;
    std::string_view text = event.data ? std::string_view(*event.data) : std::string_view();
    text.remove_prefix(text.starts_with(mark) ? mark.size() : 0);
    if (event.data && !event.datacontenttype && ferry::event::check_json(text).ok()) {
      event.data->erase(0, event.data->size() - text.size());
      event.datacontenttype = "application/json";
    }
  }
  if (event.data && event.datacontenttype && ferry::event::is_json_type(*event.datacontenttype)) {
    event.data->erase(0, event.data->find_first_not_of(" \t\r\n"));
    event.data->erase(event.data->find_last_not_of(" \t\r\n") + 1);
  }
  return event;
}

// Whether the data are CloudEvents themselves, which binary mode has to refuse.
bool carries_events(const Event& event) {
  std::string type = event.datacontenttype.value_or("");
  type = type.substr(0, type.find_first_of("; \t"));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return type == "application/cloudevents+json" || type == "application/cloudevents-batch+json";
}

void round_trip(const Event& event) {
  must(ferry::event::validate(event).ok());
  for (const std::string& line : ferry::event::environment(event)) {
    must(line.starts_with("CE_") && line.find('\0') == std::string::npos);
  }
  for (Mode mode : {Mode::kBinary, Mode::kStructured}) {
    auto message = ferry::event::to_http(event, mode);
    if (mode == Mode::kBinary && carries_events(event)) {
      must(!message.ok());
      continue;
    }
    must(message.ok());
    std::vector<HeaderView> headers(message->headers.begin(), message->headers.end());
    for (const HeaderView& header : headers) {
      must(std::all_of(header.second.begin(), header.second.end(),
                       [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; }));
    }
    auto again = ferry::event::from_http_message(headers, std::move(message->body));
    must(again.ok() && again->has_value());
    must((*again)->mode == mode);
    must(normal((*again)->event, mode) == normal(event, mode));
  }
}

// For a function that takes requests itself, whatever the body and its type are.
void must_be_an_event(ferry::event::HttpRequest request) {
  const std::string body = request.body;
  ferry::event::RequestEvent event(std::move(request), ferry::system_clock(),
                                   ferry::system_random());
  if (!event.check().ok()) return;
  must(ferry::event::validate(event.whole()).ok());
  must(event.whole().data.value_or("") == body && event.data().value_or("") == body);
  must(event.http().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ferry::event::HttpRequest request;
  request.method = cut(text, ' ');
  request.target = cut(text, '\n');
  std::vector<HeaderView> headers;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    if (line.empty()) break;
    std::string_view name = cut(line, ':');
    headers.emplace_back(name, line);
  }
  request.headers = headers;
  request.body = std::string(text);
  must_be_an_event(request);
  auto received =
      ferry::event::from_http(std::move(request), ferry::system_clock(), ferry::system_random());
  if (!received.ok()) return 0;
  if (received->mode != Mode::kBatch) round_trip(received->event);
  for (const Event& event : received->batch) round_trip(event);
  return 0;
}
