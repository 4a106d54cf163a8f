#include "emulators/request_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "http/message.h"

namespace ferry::platforms {
namespace {

constexpr std::array<std::string_view, 5> kFraming = {"content-length", "transfer-encoding",
                                                      "connection", "keep-alive", "host"};

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

Result<WireRequest> parse_request(std::string_view text) {
  WireRequest request;
  std::string_view first = take_line(text);
  for (std::string_view version : {" HTTP/1.1", " HTTP/1.0", " HTTP/2", " HTTP/2.0"}) {
    if (first.ends_with(version)) {
      first.remove_suffix(version.size());
    }
  }
  const std::size_t space = first.find(' ');
  if (space == std::string_view::npos || !http::is_token(first.substr(0, space)) ||
      !first.substr(space + 1).starts_with('/') ||
      first.find_first_of(" \t", space + 1) != std::string_view::npos) {
    return Error{Code::kInvalid,
                 fmt::format("'{}' does not begin an HTTP request", first.substr(0, 100)),
                 "the first line is METHOD /path, as in POST /orders?dry=1"};
  }
  request.method = first.substr(0, space);
  request.path = first.substr(space + 1);
  for (std::size_t number = 2; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty()) {
      break;
    }
    FERRY_TRY(auto field, parse_field(line, fmt::format("line {}", number)));
    if (std::ranges::none_of(kFraming, [&](std::string_view name) {
          return http::equals_nocase(name, field.first);
        })) {
      request.fields.push_back(std::move(field));
    }
  }
  request.body = text;
  return request;
}

Result<std::pair<std::string, std::string>> parse_field(std::string_view line,
                                                        const std::string& where) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !http::is_token(name)) {
    return Error{Code::kInvalid,
                 fmt::format("{}: '{}' is not a header field", where, line.substr(0, 100)),
                 "as in Content-Type: application/json"};
  }
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  if (!http::is_field_value(value)) {
    return Error{Code::kInvalid,
                 fmt::format("{}: {} has a control character in its value", where, name), ""};
  }
  return std::pair(std::string(name), std::string(value));
}

}  // namespace ferry::platforms
