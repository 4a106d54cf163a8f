#include "function/http_settings.h"

#include <algorithm>

#include <fmt/format.h>

#include "event/content_type.h"
#include "function/toml_reader.h"
#include "function/toml_string.h"

namespace ferry::function {
namespace {

constexpr std::size_t kMostEntries = 100;
constexpr std::int64_t kMaxAge = 86'400;  // browsers remember no longer than a day

Status check_token(const std::string& text) {
  if (event::is_token(text)) {
    return Done{};
  }
  return Error{Code::kInvalid, fmt::format("'{}' is not a name in HTTP", text), ""};
}

// scheme "://" host [ ":" port ], as a browser's Origin header has it (RFC 6454, 6.1).
Status check_origin(const std::string& text) {
  const std::size_t scheme = text.find("://");
  const bool plain = std::ranges::all_of(
      text, [](unsigned char c) { return c > 0x20 && c < 0x7F && c != ',' && c != '"'; });
  const bool bare = scheme != std::string::npos && scheme > 0 && scheme + 3 < text.size() &&
                    text.find_first_of("/?#@", scheme + 3) == std::string::npos;
  if (text == "*" || (plain && bare)) {
    return Done{};
  }
  return Error{Code::kInvalid, fmt::format("'{}' is not an origin", text),
               "a scheme and a host, with a port if it is not the usual one and without a path: "
               "\"https://app.example\"; or \"*\" for any"};
}

TomlField list_field(std::string_view key, std::vector<std::string>& out,
                     Status (*check)(const std::string&)) {
  return {key, [&out, check](const toml::node& node) -> Status {
            const auto* list = node.as_array();
            if (list == nullptr || list->size() > kMostEntries) {
              return Error{Code::kInvalid,
                           fmt::format("wants a list of at most {} strings", kMostEntries), ""};
            }
            out.clear();
            for (const toml::node& element : *list) {
              FERRY_TRY(std::string text, toml_string(element));
              FERRY_CHECK_OK(check(text));
              out.push_back(std::move(text));
            }
            return Done{};
          }};
}

Status read_cors(const toml::node& node, TomlPlace place, std::optional<Cors>& out) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    return Error{Code::kInvalid, "wants a table",
                 "as in cors = { origins = [\"https://app.example\"] }"};
  }
  place.table = "http.cors";
  Cors cors;
  const TomlField fields[] = {
      list_field("origins", cors.origins, check_origin),
      list_field("methods", cors.methods, check_token),
      list_field("headers", cors.headers, check_token),
      list_field("expose", cors.expose, check_token),
      {"credentials",
       [&](const toml::node& value) -> Status {
         const auto* yes = value.as_boolean();
         if (yes == nullptr) {
           return Error{Code::kInvalid, "wants true or false", ""};
         }
         cors.credentials = yes->get();
         return Done{};
       }},
      {"max_age",
       [&](const toml::node& value) -> Status {
         FERRY_TRY(const auto seconds, toml_integer(value, 0, kMaxAge));
         cors.max_age = std::chrono::seconds(seconds);
         return Done{};
       }},
  };
  FERRY_CHECK_OK(read_toml_table(*table, place, fields));
  const bool any = std::ranges::find(cors.origins, "*") != cors.origins.end();
  if (cors.origins.empty()) {
    return Error{Code::kInvalid, "names no origins", "as in origins = [\"https://app.example\"]"};
  }
  if (any && (cors.origins.size() > 1 || cors.credentials)) {
    return Error{Code::kInvalid, "\"*\" stands alone, and without credentials",
                 "name the origins: browsers refuse credentials for any origin"};
  }
  out = std::move(cors);
  return Done{};
}

}  // namespace

Status read_http(const TomlSection& section, HttpSettings& out) {
  const TomlField fields[] = {
      {"cors", [&](const toml::node& node) { return read_cors(node, section.place, out.cors); }}};
  return read_toml_table(section.table, section.place, fields);
}

std::string http_settings_to_toml(const HttpSettings& settings) {
  if (!settings.cors) {
    return "";
  }
  const Cors& cors = *settings.cors;
  return fmt::format(
      "\n[http.cors]\norigins = {}\nmethods = {}\nheaders = {}\nexpose = {}\n"
      "credentials = {}\nmax_age = {}\n",
      toml_list(cors.origins), toml_list(cors.methods), toml_list(cors.headers),
      toml_list(cors.expose), cors.credentials, cors.max_age.count());
}

}  // namespace ferry::function
