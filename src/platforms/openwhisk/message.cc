#include "platforms/openwhisk/message.h"

#include <algorithm>
#include <charconv>

#include "event/json_text.h"

namespace ferry::platforms::openwhisk {
namespace {

using event::JsonKind;
using event::JsonWalker;

// What we look at ourselves; an invoker sends less than ten.
constexpr std::size_t kMaxVariables = 1000;

// A list of members takes many times the bytes of the shortest ones.
constexpr std::size_t kMaxMembers = 1'000'000;

// A value as an environment variable: text as it is, null as nothing, all else as its JSON.
Result<std::string> plain_text(std::string_view value) {
  switch (event::kind_of(value)) {
    case JsonKind::kString:
      return event::decode_json_string(value);
    case JsonKind::kNull:
      return std::string();
    default:
      return std::string(value);
  }
}

bool is_variable(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string upper(std::string_view name) {
  std::string out = "__OW_";
  for (char c : name) {
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

Result<Environment> read_environment(std::string_view object) {
  FERRY_TRY(const Members members, read_members(object));
  Environment out;
  for (const auto& [name, value] : members) {
    FERRY_TRY(std::string text, plain_text(value));
    const bool fits = name.find_first_of(std::string_view("=\0", 2)) == std::string::npos &&
                      text.find('\0') == std::string::npos && !name.empty();
    if (!fits || out.size() >= kMaxVariables) {
      return Error{Code::kInvalid, "env: '" + name + "' can't be an environment variable", ""};
    }
    out[name] = std::move(text);
  }
  return out;
}

Result<std::string> text_member(const Members& members, std::string_view name) {
  const std::string_view* value = find(members, name);
  if (value == nullptr || event::kind_of(*value) == JsonKind::kNull) {
    return std::string();
  }
  if (event::kind_of(*value) != JsonKind::kString) {
    return Error{Code::kInvalid, std::string(name) + " is not a string", ""};
  }
  return event::decode_json_string(*value);
}

}  // namespace

Result<Members> read_members(std::string_view object) {
  Members out;
  JsonWalker walker(object, JsonKind::kObject);
  while (walker.next()) {
    if (out.size() >= kMaxMembers) {
      return Error{Code::kLimit, "a JSON object of more than a million members", ""};
    }
    FERRY_TRY(std::string name, event::decode_json_string(walker.key()));
    out.emplace_back(std::move(name), walker.value());
  }
  FERRY_CHECK_OK(walker.finish());
  return out;
}

const std::string_view* find(const Members& members, std::string_view name) {
  const std::string_view* found = nullptr;
  for (const auto& [each, value] : members) {
    if (each == name) {
      found = &value;
    }
  }
  return found;
}

Result<Init> read_init(std::string_view value) {
  FERRY_TRY(const Members members, read_members(value));
  Init out;
  FERRY_TRY(out.name, text_member(members, "name"));
  FERRY_TRY(out.main, text_member(members, "main"));
  FERRY_TRY(out.code, text_member(members, "code"));
  if (out.main.empty()) {
    out.main = "main";
  }
  if (const std::string_view* env = find(members, "env");
      env != nullptr && event::kind_of(*env) != JsonKind::kNull) {
    FERRY_TRY(out.env, read_environment(*env));
  }
  return out;
}

Result<Activation> read_activation(std::string_view value, const Members& metadata) {
  Activation out;
  const JsonKind kind = value.empty() ? JsonKind::kNull : event::kind_of(value);
  if (kind != JsonKind::kObject && kind != JsonKind::kArray) {
    return Error{Code::kUsage, "The action did not receive a dictionary or array as an argument.",
                 ""};
  }
  out.value = value;
  for (const auto& [name, raw] : metadata) {
    if (!is_variable(name) || out.env.size() >= kMaxVariables) {
      continue;  // a later OpenWhisk may send what can't be a variable; no reason to fail
    }
    FERRY_TRY(std::string text, plain_text(raw));
    if (text.find('\0') == std::string::npos) {
      out.env[upper(name)] = std::move(text);
    }
  }
  auto known = [&](const char* name) {
    auto at = out.env.find(name);
    return at == out.env.end() ? std::string() : at->second;
  };
  out.id = known("__OW_ACTIVATION_ID");
  out.action_name = known("__OW_ACTION_NAME");
  const std::string deadline = known("__OW_DEADLINE");
  std::int64_t ms = 0;
  auto [end, problem] = std::from_chars(deadline.data(), deadline.data() + deadline.size(), ms);
  if (problem == std::errc{} && end == deadline.data() + deadline.size() && ms >= 0) {
    out.deadline_ms = ms;
  }
  return out;
}

}  // namespace ferry::platforms::openwhisk
