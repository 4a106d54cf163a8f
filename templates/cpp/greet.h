#pragma once

#include <optional>
#include <string_view>

// The value of "name" in a JSON object whose strings have no escapes; nothing when there is none.
inline std::optional<std::string_view> find_name(std::string_view json) {
  constexpr std::string_view kKey = "\"name\"";
  std::size_t at = json.find(kKey);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  at = json.find_first_not_of(" \t\r\n:", at + kKey.size());
  if (at == std::string_view::npos || json[at] != '"') {
    return std::nullopt;
  }
  std::size_t end = json.find_first_of("\"\\", at + 1);
  if (end == std::string_view::npos || json[end] != '"') {
    return std::nullopt;
  }
  return json.substr(at + 1, end - at - 1);
}
