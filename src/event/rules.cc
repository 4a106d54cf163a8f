#include "event/rules.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/bytes.h"

namespace ferry::event {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0;
}

// Whether the character at `i` of well-formed UTF-8 is U+0080-U+009F.
bool is_c1_control(std::string_view text, std::size_t i) {
  return byte_at(text, i) == 0xC2 && byte_at(text, i + 1) < 0xA0;
}

// U+FDD0-U+FDEF, and the last two of each plane.
bool is_noncharacter(std::string_view text, std::size_t i) {
  std::uint8_t first = byte_at(text, i);
  std::uint8_t second = byte_at(text, i + 1);
  std::uint8_t third = byte_at(text, i + 2);
  if (first == 0xEF) {
    return (second == 0xB7 && third >= 0x90 && third <= 0xAF) || (second == 0xBF && third >= 0xBE);
  }
  return first >= 0xF0 && (second & 0x0F) == 0x0F && third == 0xBF && byte_at(text, i + 3) >= 0xBE;
}

}  // namespace

Error broken_rule(std::string_view attribute, std::string_view what, std::string_view section) {
  return Error{Code::kInvalid,
               fmt::format("attribute '{}' {} ({})", printable(attribute), what, section), ""};
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 60));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
  if (text.size() > out.size()) out += "...";
  return out;
}

const char* why_not_string(std::string_view text) {
  bool ascii = true;
  for (char c : text) {
    auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) return "has a control character";
    ascii = ascii && byte < 0x80;
  }
  if (ascii) return nullptr;
  if (!is_utf8(text)) return "is not well-formed UTF-8";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_c1_control(text, i)) return "has a control character";
    if (is_noncharacter(text, i)) return "has a code point that Unicode calls a noncharacter";
  }
  return nullptr;
}

bool is_core_attribute(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kCore = {
      "id", "source", "type", "specversion", "subject", "time", "datacontenttype", "dataschema"};
  return std::find(kCore.begin(), kCore.end(), name) != kCore.end();
}

Status check_specversion(std::string_view version) {
  if (version == "1.0") return Done{};
  if (version.empty()) return broken_rule("specversion", "is missing or empty", kRequired);
  return broken_rule("specversion", "is '" + printable(version) + "', and has to be '1.0'",
                     kRequired);
}

}  // namespace ferry::event
