#include "function/lambda_read.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "function/suggest.h"

namespace ferry::function {
namespace {

constexpr std::size_t kMaxRows = 100;
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxAttributes = 100;
constexpr std::array<std::string_view, 4> kReplies = {"json", "list", "batch", "ordered"};

Status check_name(std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      });
  return good ? Status(Done{})
              : Error{Code::kInvalid, fmt::format("'{}' is no name of a row", text),
                      "a to z, digits and '-', at most 63"};
}

Status check_reply(std::string_view text) {
  if (std::find(kReplies.begin(), kReplies.end(), text) != kReplies.end()) {
    return Done{};
  }
  return Error{Code::kInvalid,
               fmt::format("'{}' is not one of {}", text, fmt::join(kReplies, ", ")),
               fmt::format("did you mean '{}'?", nearest(text, kReplies))};
}

Result<std::string> checked(const toml::node& node, Status (*check)(std::string_view)) {
  FERRY_TRY(std::string text, toml_string(node));
  if (text.size() > kMaxText) {
    return Error{Code::kInvalid, fmt::format("is longer than {} bytes", kMaxText), ""};
  }
  FERRY_CHECK_OK(check(text));
  return text;
}

TomlField text_field(std::string_view key, std::optional<std::string>& out,
                     Status (*check)(std::string_view)) {
  return {key, [&out, check](const toml::node& node) -> Status {
            FERRY_TRY(out, checked(node, check));
            return Done{};
          }};
}

// { authtenant = "{requestContext/authorizer/lambda/tenant}" }: names by CloudEvents 1.0.2,
// "Naming Conventions".
Status read_attributes(const toml::node& node, LambdaEventRow& out) {
  constexpr std::array<std::string_view, 9> kCore = {
      "specversion",     "id",         "source", "type", "subject", "time",
      "datacontenttype", "dataschema", "data"};
  const auto* table = node.as_table();
  if (table == nullptr || table->size() > kMaxAttributes) {
    return Error{Code::kInvalid, fmt::format("wants a table of at most {}", kMaxAttributes),
                 "as in attributes = { tenant = \"{requestContext/authorizer/lambda/tenant}\" }"};
  }
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    const bool good =
        !name.empty() && name.size() <= 20 && std::all_of(name.begin(), name.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        });
    if (!good || std::find(kCore.begin(), kCore.end(), name) != kCore.end()) {
      return Error{Code::kInvalid,
                   fmt::format("'{}' is not a name for an extension attribute", name),
                   "a to z and digits, at most 20, and none of CloudEvents' own"};
    }
    auto text = checked(value, check_lambda_template);
    if (!text.ok()) {
      return with_context(std::move(text).error(), name);
    }
    out.attributes[name] = *std::move(text);
  }
  return Done{};
}

Status read_row(const toml::table& table, TomlPlace place, LambdaSettings& out) {
  place.table = "lambda.event";
  const auto line = table.source().begin.line;
  LambdaEventRow row;
  const TomlField fields[] = {
      {"name",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(row.name, checked(node, check_name));
         return Done{};
       }},
      text_field("when", row.when, check_lambda_when),
      text_field("each", row.each, check_lambda_each),
      text_field("type", row.type, check_lambda_template),
      text_field("source", row.source, check_lambda_template),
      text_field("id", row.id, check_lambda_template),
      text_field("subject", row.subject, check_lambda_template),
      text_field("time", row.time, check_lambda_template),
      text_field("data", row.data, check_lambda_data),
      text_field("reply", row.reply, check_reply),
      text_field("item", row.item, check_lambda_path),
      {"attributes", [&](const toml::node& node) { return read_attributes(node, row); }},
  };
  FERRY_CHECK_OK(read_toml_table(table, place, fields));
  auto refuse = [&](std::string_view key, std::string_view message, std::string hint) {
    return Error{Code::kInvalid,
                 fmt::format("{}:{}: {} in [[lambda.event]] {}", place.path, line, key, message),
                 std::move(hint)};
  };
  if (row.name.empty()) {
    return refuse("name", "is missing", "it is the row's name in messages and types");
  }
  for (const LambdaEventRow& other : out.events) {
    if (other.name == row.name) {
      return refuse("name", fmt::format("'{}' is there twice", row.name), "");
    }
  }
  const bool names_items = row.reply == "batch" || row.reply == "ordered";
  if (names_items && !row.item) {
    return refuse("item", "is missing, and the reply is '" + *row.reply + "'",
                  "the path of what names a record to Lambda, as in \"messageId\"");
  }
  out.events.push_back(std::move(row));
  return Done{};
}

Status read_rows(const toml::node& node, const TomlPlace& place, LambdaSettings& out) {
  const auto* list = node.as_array();
  if (list == nullptr || !std::all_of(list->begin(), list->end(),
                                      [](const toml::node& each) { return each.is_table(); })) {
    return Error{Code::kInvalid, "wants tables of its own", "begin each with [[lambda.event]]"};
  }
  if (list->size() > kMaxRows) {
    return Error{Code::kInvalid, fmt::format("has more than {} rows", kMaxRows), ""};
  }
  for (const toml::node& each : *list) {
    FERRY_CHECK_OK(read_row(*each.as_table(), place, out));
  }
  return Done{};
}

}  // namespace

Status read_lambda(const toml::table& table, TomlPlace place, LambdaSettings& out) {
  place.table = "lambda";
  const TomlField fields[] = {
      {"streaming",
       [&](const toml::node& node) -> Status {
         const auto* value = node.as_boolean();
         if (value == nullptr) {
           return Error{Code::kInvalid, "wants true or false", ""};
         }
         out.streaming = value->get();
         return Done{};
       }},
      {"event", [&](const toml::node& node) { return read_rows(node, place, out); }},
  };
  return read_toml_table(table, place, fields);
}

}  // namespace ferry::function
