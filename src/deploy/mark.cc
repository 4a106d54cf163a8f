#include "deploy/mark.h"

#include <boost/json.hpp>

#include "base/file.h"

namespace ferry::deploy {
namespace {

namespace json = boost::json;

constexpr int kFormat = 1;
constexpr std::uint64_t kMaxMark = 64 << 10;
constexpr std::size_t kMaxSettings = 100;

bool take_text(const json::object& object, std::string_view name, std::string& out) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr || !found->is_string()) {
    return false;
  }
  out = std::string(found->get_string());
  return true;
}

Error not_a_mark(std::string_view what) {
  return {Code::kInvalid, std::string(kMarkName) + ": " + std::string(what),
          "`ferry pack` writes it: pack the function again"};
}

}  // namespace

std::string_view Mark::setting(std::string_view name) const {
  for (const auto& [key, value] : settings) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::string to_json(const Mark& mark) {
  json::object settings;
  for (const auto& [name, value] : mark.settings) {
    settings[name] = value;
  }
  return json::serialize(json::object{{"format", kFormat},
                                      {"platform", mark.platform},
                                      {"function", mark.function},
                                      {"digest", mark.digest},
                                      {"ferry", mark.ferry},
                                      {"settings", std::move(settings)}}) +
         "\n";
}

Result<Mark> parse_mark(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) {
    return not_a_mark("this is not a JSON object");
  }
  const json::object& object = value.get_object();
  const json::value* format = object.if_contains("format");
  if (format == nullptr || !format->is_int64()) {
    return not_a_mark("'format' is missing");
  }
  if (format->get_int64() != kFormat) {
    return Error{Code::kUnsupported,
                 std::string(kMarkName) + ": format " + std::to_string(format->get_int64()) +
                     " is none that this version knows",
                 "use the version of ferry that packed it"};
  }
  Mark out;
  if (!take_text(object, "platform", out.platform) ||
      !take_text(object, "function", out.function) || !take_text(object, "digest", out.digest) ||
      !take_text(object, "ferry", out.ferry) || out.platform.empty() || out.function.empty()) {
    return not_a_mark("'platform', 'function', 'digest' or 'ferry' is missing");
  }
  const json::value* settings = object.if_contains("settings");
  if (settings == nullptr) {
    return out;
  }
  if (!settings->is_object() || settings->get_object().size() > kMaxSettings) {
    return not_a_mark("'settings' is not an object, or has too many members");
  }
  for (const auto& member : settings->get_object()) {
    if (!member.value().is_string()) {
      return not_a_mark("a setting is not text");
    }
    out.settings.emplace_back(std::string(member.key()), std::string(member.value().get_string()));
  }
  return out;
}

Result<Mark> read_mark(const std::string& folder) {
  auto bytes = read_file(folder + "/" + kMarkName, kMaxMark);
  if (!bytes.ok()) {
    return Error{Code::kNotFound, folder + " holds nothing to deploy: " + bytes.error().message,
                 "`ferry pack FUNCTION --for PLATFORM -o DIR` makes DIR"};
  }
  return parse_mark(as_text(*bytes));
}

}  // namespace ferry::deploy
