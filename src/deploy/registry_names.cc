// What a registry, its challenges and docker's configuration are read from.
#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "deploy/registry.h"

namespace ferry::deploy {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxParameters = 32;

bool is_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_token);
  std::string out(text.begin(), end);
  text.remove_prefix(out.size());
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

void skip_blank(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string take_value(std::string_view& text) {
  std::string out;
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find_first_of(" \t,"), text.size());
    out = text.substr(0, end);
    text.remove_prefix(end);
    return out;
  }
  text.remove_prefix(1);
  while (!text.empty() && text[0] != '"') {
    if (text[0] == '\\' && text.size() > 1) {
      text.remove_prefix(1);
    }
    out += text[0];
    text.remove_prefix(1);
  }
  text.remove_prefix(text.empty() ? 0 : 1);
  return out;
}

std::string text_at(const json::object* object, std::string_view name) {
  const json::value* found = object == nullptr ? nullptr : object->if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

const json::object* object_at(const json::object* object, std::string_view name) {
  const json::value* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

}  // namespace

Result<ImageName> parse_image_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view registry = text.substr(0, std::min(slash, text.size()));
  const bool named =
      registry.find_first_of(".:") != std::string_view::npos || registry == "localhost";
  if (slash == std::string_view::npos || !named || !package::is_image_tag(text)) {
    return Error{Code::kUsage,
                 fmt::format("'{}' does not name an image in a registry", shown(text)),
                 "as in registry.example.com/team/hello:1 or localhost:5000/hello"};
  }
  ImageName out;
  out.registry = registry;
  std::string_view rest = text.substr(slash + 1);
  const std::size_t colon = rest.find(':');
  out.name = rest.substr(0, colon);
  if (colon != std::string_view::npos) {
    out.tag = rest.substr(colon + 1);
  }
  if (!package::is_image_tag(out.name) || out.tag.find(':') != std::string::npos) {
    return Error{Code::kUsage, fmt::format("'{}' is not a valid image name", shown(text)), ""};
  }
  return out;
}

std::string_view Challenge::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::optional<Challenge> parse_challenge(std::string_view field) {
  Challenge out;
  skip_blank(field);
  out.scheme = take_token(field);
  if (out.scheme.empty()) {
    return std::nullopt;
  }
  while (out.parameters.size() < kMaxParameters) {
    field.remove_prefix(std::min(field.find_first_not_of(" \t,"), field.size()));
    std::string name = take_token(field);
    skip_blank(field);
    if (name.empty() || !field.starts_with('=')) {
      break;  // the end, or the next challenge
    }
    field.remove_prefix(1);
    skip_blank(field);
    out.parameters.emplace_back(std::move(name), take_value(field));
  }
  return out;
}

Login find_login(std::string_view config_json, std::string_view registry) {
  Login out;
  boost::system::error_code error;
  const json::value value = json::parse(config_json, error);
  const json::object* config = error ? nullptr : value.if_object();
  const std::string key =
      registry == "docker.io" ? "https://index.docker.io/v1/" : std::string(registry);
  const json::object* logins = object_at(config, "auths");
  const json::object* login = object_at(logins, key);
  if (login == nullptr) {
    login = object_at(logins, "https://" + key);
  }
  auto decoded = from_base64(text_at(login, "auth"));
  if (decoded.ok() && decoded->find(':') != std::string::npos) {
    out.user_password = std::move(decoded).value();
    return out;
  }
  out.helper = text_at(object_at(config, "credHelpers"), registry);
  if (out.helper.empty()) {
    out.helper = text_at(config, "credsStore");
  }
  return out;
}

}  // namespace ferry::deploy
