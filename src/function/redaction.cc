#include "function/redaction.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/bytes.h"

namespace ferry::function {
namespace {

using Step = Redaction::Step;

constexpr std::size_t kMostSteps = 64;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view take_name(std::string_view& rest) {
  const auto* const end = std::ranges::find_if_not(rest, is_name_char);
  const std::string_view name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(name.size());
  return name;
}

// What stands in brackets: '*', a number, or a name in quotes (which holds none itself).
bool take_bracket(std::string_view& rest, Step& out) {
  const std::size_t end = rest.find(']');
  if (end == std::string_view::npos || end == 0) return false;
  std::string_view inner = rest.substr(0, end);
  if (inner.front() == '\'' || inner.front() == '"') {
    const std::size_t close = rest.find(inner.front(), 1);
    if (close == std::string_view::npos || close + 1 >= rest.size() || rest[close + 1] != ']') {
      return false;
    }
    out = {Step::Kind::kName, std::string(rest.substr(1, close - 1)), 0};
    rest.remove_prefix(close + 2);
    return true;
  }
  rest.remove_prefix(end + 1);
  if (inner == "*") {
    out = {Step::Kind::kAll, {}, 0};
    return true;
  }
  out.kind = Step::Kind::kIndex;
  const auto [to, error] = std::from_chars(inner.data(), inner.data() + inner.size(), out.index);
  return error == std::errc() && to == inner.data() + inner.size();
}

bool take_step(std::string_view& rest, Step& out) {
  if (rest.starts_with('[')) {
    rest.remove_prefix(1);
    return take_bracket(rest, out);
  }
  if (!rest.starts_with('.')) return false;
  rest.remove_prefix(1);
  if (rest.starts_with('*')) {
    rest.remove_prefix(1);
    out.kind = Step::Kind::kAll;
    return true;
  }
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    out.kind = Step::Kind::kAnywhere;
  }
  out.name = take_name(rest);
  return !out.name.empty();
}

}  // namespace

Result<Redaction> parse_redaction(std::string_view text) {
  constexpr std::string_view kHeader = "header:";
  const Error malformed{Code::kInvalid, fmt::format("'{}' names nothing to leave out", text),
                        "write a path into the JSON of an event and a reply ($.card.number, "
                        "$.items[*].token, $..password), or header:NAME"};
  Redaction out;
  out.text = text;
  if (!is_utf8(text)) return malformed;
  if (text.starts_with(kHeader)) {
    std::string_view name = text.substr(kHeader.size());
    for (const char c : name) out.header += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    const std::string_view whole = name;
    return take_name(name) == whole && !whole.empty() ? Result<Redaction>(std::move(out))
                                                      : Result<Redaction>(malformed);
  }
  if (!text.starts_with('$')) return malformed;
  for (std::string_view rest = text.substr(1); !rest.empty();) {
    Step step;
    if (!take_step(rest, step) || out.steps.size() == kMostSteps) return malformed;
    out.steps.push_back(std::move(step));
  }
  return out;
}

}  // namespace ferry::function
