#include "emulators/http/emulator.h"

#include "emulators/emulate.h"

namespace ferry::platforms {
namespace {

// Takes a line off the front, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace

Result<Answer> HttpEmulator::send(const event::Event& event) {
  FERRY_TRY(const event::HttpMessage message, http_message_of(event));
  return wire_->exchange(post_of(message));
}

Result<Observed> HttpEmulator::observe(const event::Event& event) {
  FERRY_TRY(const Answer answer, send(event));
  FERRY_TRY(Observed observed, observed_of(answer));
  FERRY_CHECK_OK(observe_json_log(log_, observed));
  return observed;
}

Result<Answer> HttpEmulator::send_native(std::string_view input) {
  WireRequest request;
  const std::string_view first = take_line(input);
  const std::size_t space = first.find(' ');
  if (space == std::string_view::npos || first.find(' ', space + 1) != std::string_view::npos) {
    return Error{Code::kInvalid, "the first line of a native HTTP request is METHOD /path",
                 "without HTTP/1.1: framing is added here"};
  }
  request.method = first.substr(0, space);
  request.path = first.substr(space + 1);
  for (std::string_view line = take_line(input); !line.empty(); line = take_line(input)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return Error{Code::kInvalid, "a header line without a colon: " + std::string(line), ""};
    }
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    request.fields.emplace_back(line.substr(0, colon), value);
  }
  request.body = input;
  return wire_->exchange(request);
}

}  // namespace ferry::platforms
