// action.json of `ferry pack`, and wsk's properties: what is read before anything is sent.
#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/digest.h"
#include "platforms/openwhisk/deploy/api.h"

namespace ferry::deploy {
namespace {

namespace json = boost::json;

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

void annotate(json::array& annotations, std::string_view key, json::value value) {
  for (auto each = annotations.begin(); each != annotations.end();) {
    const json::object* object = each->if_object();
    const json::value* found = object == nullptr ? nullptr : object->if_contains("key");
    const bool same = found != nullptr && found->is_string() && found->get_string() == key;
    each = same ? annotations.erase(each) : each + 1;
  }
  annotations.push_back(json::object{{"key", key}, {"value", std::move(value)}});
}

// OpenWhisk's EntityName: letters, digits and _@.-, the first one a letter, a digit or '_'.
// Narrower than that: no spaces, which do not survive being typed.
bool is_entity_name(std::string_view name) {
  constexpr std::size_t kLongest = 256;
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kLongest && word(name.front()) &&
         std::ranges::all_of(name,
                             [&](char c) { return word(c) || c == '@' || c == '.' || c == '-'; });
}

// One '/' parts package and action.
bool is_action_name(std::string_view name) {
  const std::size_t slash = name.find('/');
  return slash == std::string_view::npos
             ? is_entity_name(name)
             : is_entity_name(name.substr(0, slash)) && is_entity_name(name.substr(slash + 1));
}

Status choose_exec(json::object& exec, const OpenWhiskChoice& choice) {
  if (choice.without_code && choice.image.empty()) {
    return Error{Code::kUsage, "without its code the action needs an image that holds it",
                 "name it with --image"};
  }
  if (!choice.kind.empty() && !choice.image.empty()) {
    return Error{Code::kUsage, "an action has a kind or an image, not both",
                 "give --kind or --image"};
  }
  if (!choice.kind.empty()) {
    exec["kind"] = choice.kind;
  }
  if (!choice.image.empty()) {
    exec["kind"] = "blackbox";
    exec["image"] = choice.image;
  }
  if (choice.without_code) {
    exec.erase("code");
    exec.erase("main");
    exec["binary"] = false;
  }
  return Done{};
}

}  // namespace

Fields parse_wskprops(std::string_view text) {
  Fields out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) {
      continue;
    }
    std::string_view value = trim(line.substr(equals + 1));
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                        value.front() == value.back();
    out.emplace_back(trim(line.substr(0, equals)),
                     quoted ? value.substr(1, value.size() - 2) : value);
  }
  return out;
}

Result<OpenWhiskAction> make_action(std::string_view action_json, const OpenWhiskChoice& choice) {
  boost::system::error_code error;
  json::value value = json::parse(action_json, error);
  json::object* action = error ? nullptr : value.if_object();
  json::value* exec = action == nullptr ? nullptr : action->if_contains("exec");
  json::value* packed_name = action == nullptr ? nullptr : action->if_contains("name");
  if (exec == nullptr || !exec->is_object() || packed_name == nullptr ||
      !packed_name->is_string()) {
    return Error{Code::kInvalid, "action.json: 'name' or 'exec' is missing, or it is not JSON",
                 "pack the function again"};
  }
  OpenWhiskAction out;
  out.name = choice.name.empty() ? std::string(packed_name->get_string()) : choice.name;
  if (!is_action_name(out.name)) {
    return Error{
        Code::kUsage, fmt::format("'{}' can't be the name of an action", shown(out.name)),
        "letters, digits and _@.- are allowed, the first one a letter, a digit or _, and one / "
        "behind a package's name: --name"};
  }
  FERRY_CHECK_OK(choose_exec(exec->get_object(), choice));
  (*action)["name"] = out.name.substr(out.name.find('/') + 1);
  if (choice.concurrency.has_value()) {
    json::value& limits = (*action)["limits"];
    if (!limits.is_object()) {
      limits = json::object();
    }
    limits.get_object()["concurrency"] = *choice.concurrency;
  }
  json::value& annotations = (*action)["annotations"];
  if (!annotations.is_array()) {
    annotations = json::array();
  }
  if (choice.result) {
    (*action)["parameters"] =
        json::array{json::object{{"key", "FERRY_WEB"}, {"value", "result"}, {"init", true}}};
  }
  if (choice.web || choice.raw) {
    annotate(annotations.get_array(), "web-export", true);
    annotate(annotations.get_array(), "raw-http", choice.raw);
    annotate(annotations.get_array(), "final", true);
  }
  out.package = digest_of(as_bytes(json::serialize(value)));
  annotate(annotations.get_array(), "ferry-package", json::string(out.package));
  out.body = json::serialize(value);
  return out;
}

}  // namespace ferry::deploy
