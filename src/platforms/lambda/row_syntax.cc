#include "platforms/lambda/row_syntax.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "function/suggest.h"

namespace ferry::platforms::lambda {
namespace {

constexpr std::array<std::string_view, 8> kFilters = {"ms",   "s",      "time",    "lower",
                                                      "slug", "base64", "compact", "dot"};
constexpr std::array<std::string_view, 7> kKnown = {"arn", "region", "account", "request",
                                                    "now", "index",  "key"};

Error wrong(std::string message, std::string hint) {
  return {Code::kInvalid, std::move(message), std::move(hint)};
}

bool among(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One alternative of an expression: 'TEXT', @NAME, [$/]PATH[:FILTER], [$/]PATH?'TEXT'.
Status check_alternative(std::string_view text) {
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    return Done{};
  }
  if (text.starts_with('@')) {
    text.remove_prefix(1);
    return among(text, kKnown)
               ? Status(Done{})
               : wrong(fmt::format("'@{}' is not known", text),
                       fmt::format("did you mean '@{}'? known: @{}",
                                   function::nearest(text, kKnown), fmt::join(kKnown, ", @")));
  }
  if (text.starts_with("$/")) {
    text.remove_prefix(2);
  }
  if (const std::size_t mark = text.find("?'"); mark != std::string_view::npos) {
    return text.ends_with('\'') && mark + 2 < text.size()
               ? check_path(text.substr(0, mark))
               : Status(wrong(fmt::format("'{}' does not end its text", text),
                              "as in requestContext/authorizer?'known'"));
  }
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && !among(text.substr(colon + 1), kFilters)) {
    const std::string_view filter = text.substr(colon + 1);
    return wrong(fmt::format("'{}' is not a filter", filter),
                 fmt::format("did you mean '{}'? known: {}", function::nearest(filter, kFilters),
                             fmt::join(kFilters, ", ")));
  }
  return check_path(text.substr(0, colon));
}

// "a|b|c" or "a;b;c", each handed to `check`.
template <typename Check>
Status each_part(std::string_view text, char mark, Check check) {
  for (;;) {
    const std::size_t end = text.find(mark);
    FERRY_CHECK_OK(check(text.substr(0, end)));
    if (end == std::string_view::npos) {
      return Done{};
    }
    text.remove_prefix(end + 1);
  }
}

bool is_count(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Status check_path(std::string_view text) {
  if (text.empty()) {
    return wrong("a path is empty", "as in \"detail/order/id\" or \"Records/0/eventSource\"");
  }
  return each_part(text, '/', [&](std::string_view part) -> Status {
    return part.empty() ? Status(wrong(fmt::format("'{}' has a step without a name", text),
                                       "names with one '/' between them"))
                        : Status(Done{});
  });
}

Status check_when(std::string_view text) {
  if (text.empty()) {
    return wrong("is empty, so that every input would fit", "name a field that tells it apart");
  }
  return each_part(text, ';', [](std::string_view condition) -> Status {
    if (condition.starts_with('!')) {
      return check_path(condition.substr(1));
    }
    if (condition.starts_with('#')) {
      return is_count(condition.substr(1))
                 ? Status(Done{})
                 : wrong(fmt::format("'{}' does not say how many members the input has", condition),
                         "as in \"jobId;#1\"");
    }
    return check_path(condition.substr(0, condition.find('=')));
  });
}

Status check_each(std::string_view text) {
  constexpr std::string_view kPacked = "gunzip:";
  if (text.empty()) {
    return Done{};
  }
  if (text.starts_with(kPacked)) {
    return check_path(text.substr(kPacked.size()));
  }
  return check_path(text.ends_with("/*") ? text.substr(0, text.size() - 2) : text);
}

Status check_template(std::string_view text) {
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    if (open == std::string_view::npos) {
      return Done{};
    }
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      return wrong("'{' without '}'", "as in \"orders.{detail/kind:lower}\"");
    }
    FERRY_CHECK_OK(each_part(text.substr(open + 1, close - open - 1), '|', check_alternative));
    text.remove_prefix(close + 1);
  }
  return Done{};
}

Status check_data(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  if (colon == std::string_view::npos || (kind != "json" && kind != "text" && kind != "base64")) {
    return wrong(fmt::format("'{}' does not say what the data are", text),
                 "json:PATH, text:PATH or base64:PATH; \"json:\" is the whole place");
  }
  return colon + 1 == text.size() ? Status(Done{}) : check_path(text.substr(colon + 1));
}

}  // namespace ferry::platforms::lambda
