#include "function/toml_reader.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "function/manifest.h"
#include "function/suggest.h"

namespace ferry::function {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::none:
      return "nothing";
    default:
      return "a date or time";
  }
}

Error wrong_type(const toml::node& node, std::string_view wanted) {
  return {Code::kInvalid, fmt::format("wants {}, not {}", wanted, type_name(node)), ""};
}

}  // namespace

Status read_toml_table(const toml::table& table, const TomlPlace& place,
                       std::span<const TomlField> fields) {
  for (const auto& [key, node] : table) {
    const auto line = key.source().begin.line;
    auto field = std::find_if(fields.begin(), fields.end(),
                              [&](const TomlField& f) { return f.key == key.str(); });
    if (field == fields.end()) {
      std::vector<std::string_view> known;
      for (const TomlField& candidate : fields) {
        known.push_back(candidate.key);
      }
      const std::string where =
          place.table.empty() ? std::string() : fmt::format(" in [{}]", place.table);
      return Error{Code::kInvalid,
                   fmt::format("{}:{}: unknown key '{}'{}", place.path, line, key.str(), where),
                   fmt::format("did you mean '{}'? known: {}", nearest(key.str(), known),
                               fmt::join(known, ", "))};
    }
    Status read = field->read(node);
    if (!read.ok()) {
      // A table inside has said its line already.
      return read.error().message.starts_with(place.path)
                 ? std::move(read).error()
                 : with_context(std::move(read).error(),
                                fmt::format("{}:{}: {}", place.path, line, key.str()));
    }
  }
  return Done{};
}

Result<std::string> toml_string(const toml::node& node) {
  const auto* text = node.as_string();
  if (text == nullptr) {
    return wrong_type(node, "a string");
  }
  if (text->get().find('\0') != std::string::npos) {
    return Error{Code::kInvalid, "has a NUL character in it", ""};
  }
  return text->get();
}

Result<std::int64_t> toml_integer(const toml::node& node, std::int64_t least, std::int64_t most) {
  const auto* number = node.as_integer();
  if (number == nullptr) {
    return wrong_type(node, "a whole number");
  }
  if (number->get() < least || number->get() > most) {
    return Error{Code::kInvalid,
                 fmt::format("{} is not between {} and {}", number->get(), least, most), ""};
  }
  return number->get();
}

Result<std::uint64_t> toml_size(const toml::node& node, std::uint64_t least, std::uint64_t most) {
  std::uint64_t size = 0;
  std::string shown;
  if (const auto* number = node.as_integer()) {
    size = number->get() < 0 ? 0 : static_cast<std::uint64_t>(number->get());
    shown = fmt::to_string(number->get());
  } else if (const auto* text = node.as_string()) {
    FERRY_TRY(size, parse_size(text->get()));
    shown = text->get();
  } else {
    return wrong_type(node, "a size such as \"64MiB\"");
  }
  if (size < least || size > most) {
    return Error{
        Code::kInvalid,
        fmt::format("{} is not between {} and {}", shown, format_size(least), format_size(most)),
        ""};
  }
  return size;
}

}  // namespace ferry::function
