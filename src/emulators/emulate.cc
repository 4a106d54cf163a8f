#include "emulators/emulate.h"

#include <algorithm>

namespace ferry::platforms {

Result<event::HttpMessage> http_message_of(const event::Event& event) {
  const bool all_text = std::ranges::all_of(event.extensions, [](const auto& extension) {
    return std::holds_alternative<std::string>(extension.second);
  });
  const bool no_bytes = event.data && event.data->empty();
  return event::to_http(event,
                        all_text && !no_bytes ? event::Mode::kBinary : event::Mode::kStructured);
}

WireRequest post_of(const event::HttpMessage& message, std::string path) {
  WireRequest request;
  request.path = std::move(path);
  request.fields = message.headers;
  request.body = message.body;
  return request;
}

Status observe_json_log(LogTap* log, Observed& into) {
  if (log == nullptr) {
    return Done{};
  }
  FERRY_TRY(const LogTap::Text text, log->take());
  FERRY_TRY(std::vector<std::string> lines, texts_of_json_lines(text.err));
  take_log(std::move(lines), into);
  return Done{};
}

}  // namespace ferry::platforms
