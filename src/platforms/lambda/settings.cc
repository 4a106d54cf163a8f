#include "platforms/lambda/settings.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "function/suggest.h"
#include "function/toml_reader.h"
#include "function/toml_string.h"
#include "platforms/lambda/row_syntax.h"

namespace ferry::platforms::lambda {
namespace {

using function::TomlField;
using function::TomlPlace;

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
              : Error{Code::kInvalid, fmt::format("'{}' is not a valid row name", text),
                      "a to z, digits and '-', at most 63"};
}

Status check_reply(std::string_view text) {
  if (std::find(kReplies.begin(), kReplies.end(), text) != kReplies.end()) {
    return Done{};
  }
  return Error{Code::kInvalid,
               fmt::format("'{}' is not one of {}", text, fmt::join(kReplies, ", ")),
               fmt::format("did you mean '{}'?", function::nearest(text, kReplies))};
}

Result<std::string> checked(const toml::node& node, Status (*check)(std::string_view)) {
  FERRY_TRY(std::string text, function::toml_string(node));
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
Status read_attributes(const toml::node& node, EventRow& out) {
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
    auto text = checked(value, check_template);
    if (!text.ok()) {
      return with_context(std::move(text).error(), name);
    }
    out.attributes[name] = *std::move(text);
  }
  return Done{};
}

Status read_row(const toml::table& table, TomlPlace place, Settings& out) {
  place.table = "lambda.event";
  const auto line = table.source().begin.line;
  EventRow row;
  const TomlField fields[] = {
      {"name",
       [&](const toml::node& node) -> Status {
         FERRY_TRY(row.name, checked(node, check_name));
         return Done{};
       }},
      text_field("when", row.when, check_when),
      text_field("each", row.each, check_each),
      text_field("type", row.type, check_template),
      text_field("source", row.source, check_template),
      text_field("id", row.id, check_template),
      text_field("subject", row.subject, check_template),
      text_field("time", row.time, check_template),
      text_field("data", row.data, check_data),
      text_field("reply", row.reply, check_reply),
      text_field("item", row.item, check_path),
      {"attributes", [&](const toml::node& node) { return read_attributes(node, row); }},
  };
  FERRY_CHECK_OK(function::read_toml_table(table, place, fields));
  auto refuse = [&](std::string_view key, std::string_view message, std::string hint) {
    return Error{Code::kInvalid,
                 fmt::format("{}:{}: {} in [[lambda.event]] {}", place.path, line, key, message),
                 std::move(hint)};
  };
  if (row.name.empty()) {
    return refuse("name", "is missing", "it is the row's name in messages and types");
  }
  for (const EventRow& other : out.events) {
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

Status read_rows(const toml::node& node, const TomlPlace& place, Settings& out) {
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

Result<std::shared_ptr<const function::SectionSettings>> read(
    const function::TomlSection& section) {
  auto out = std::make_shared<Settings>();
  const TomlField fields[] = {
      {"streaming",
       [&](const toml::node& node) -> Status {
         const auto* value = node.as_boolean();
         if (value == nullptr) {
           return Error{Code::kInvalid, "wants true or false", ""};
         }
         out->streaming = value->get();
         return Done{};
       }},
      {"event", [&](const toml::node& node) { return read_rows(node, section.place, *out); }},
  };
  FERRY_CHECK_OK(function::read_toml_table(section.table, section.place, fields));
  return std::shared_ptr<const function::SectionSettings>(std::move(out));
}

}  // namespace

const function::Section kSection{"lambda", read};

std::shared_ptr<const Settings> settings_of(const function::Manifest& manifest) {
  static const auto defaults = std::make_shared<const Settings>();
  const auto found = manifest.sections.find(kSection.name);
  auto settings = found == manifest.sections.end()
                      ? nullptr
                      : std::dynamic_pointer_cast<const Settings>(found->second);
  return settings ? settings : defaults;
}

std::string Settings::to_toml() const {
  if (!streaming && events.empty()) {
    return "";
  }
  std::string out = fmt::format("\n[lambda]\nstreaming = {}\n", streaming ? "true" : "false");
  for (const EventRow& row : events) {
    out += fmt::format("\n[[lambda.event]]\nname = {}\n", function::toml_string(row.name));
    auto put = [&](const char* key, const std::optional<std::string>& value) {
      if (value) {
        out += fmt::format("{} = {}\n", key, function::toml_string(*value));
      }
    };
    put("when", row.when);
    put("each", row.each);
    put("type", row.type);
    put("source", row.source);
    put("id", row.id);
    put("subject", row.subject);
    put("time", row.time);
    put("data", row.data);
    put("reply", row.reply);
    put("item", row.item);
    if (!row.attributes.empty()) {
      out += "[lambda.event.attributes]\n";
      for (const auto& [name, value] : row.attributes) {
        out += fmt::format("{} = {}\n", name, function::toml_string(value));
      }
    }
  }
  return out;
}

}  // namespace ferry::platforms::lambda
