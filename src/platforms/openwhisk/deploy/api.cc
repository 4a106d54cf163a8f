#include "platforms/openwhisk/deploy/api.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace ferry::deploy {
namespace {

namespace json = boost::json;

// {"error":"words","code":"the transaction's id"}; other servers in between answer anything.
std::string openwhisk_words(const Response& response) {
  boost::system::error_code error;
  const json::value value = json::parse(response.body, error);
  const json::value* found =
      !error && value.is_object() ? value.get_object().if_contains("error") : nullptr;
  if (found != nullptr && found->is_string()) {
    return shown(std::string(found->get_string()));
  }
  return response.body.empty() ? fmt::format("status {}", response.status) : shown(response.body);
}

std::string annotation_of(std::string_view body, std::string_view key) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::value* list =
      !error && value.is_object() ? value.get_object().if_contains("annotations") : nullptr;
  if (list == nullptr || !list->is_array()) {
    return {};
  }
  for (const json::value& each : list->get_array()) {
    const json::object* pair = each.if_object();
    const json::value* name = pair == nullptr ? nullptr : pair->if_contains("key");
    const json::value* text = pair == nullptr ? nullptr : pair->if_contains("value");
    if (name != nullptr && text != nullptr && name->is_string() && text->is_string() &&
        name->get_string() == key) {
      return std::string(text->get_string());
    }
  }
  return {};
}

// "package/hello" has a slash that parts; all else is encoded.
std::string encode_name(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) {
    return encode_segment(name);
  }
  return encode_segment(name.substr(0, slash)) + "/" + encode_segment(name.substr(slash + 1));
}

}  // namespace

Result<OpenWhiskApi> OpenWhiskApi::open(Transport& transport, const OpenWhiskAccess& access,
                                        bool insecure) {
  if (access.api_host.empty()) {
    return Error{Code::kUsage, "which OpenWhisk? No API host is known",
                 "give --apihost, or set it once: wsk property set --apihost HOST"};
  }
  if (access.auth.find(':') == std::string::npos) {
    return Error{Code::kUsage,
                 access.auth.empty() ? "no key for OpenWhisk is known"
                                     : "the key for OpenWhisk is not of the form UUID:KEY",
                 "give --auth, or set it once: wsk property set --auth UUID:KEY"};
  }
  std::string base = access.api_host;
  if (base.find("://") == std::string::npos) {
    base = "https://" + base;
  }
  while (base.ends_with('/')) {
    base.pop_back();
  }
  const bool plain = !base.starts_with("https://");
  if (plain && !insecure && !is_loopback(host_of(base))) {
    return Error{Code::kUsage, fmt::format("the key would go to {} unencrypted", host_of(base)),
                 "use its https:// address, or allow it with --insecure"};
  }
  return OpenWhiskApi(transport, std::move(base), "Basic " + to_base64(as_bytes(access.auth)),
                      access.name_space.empty() ? "_" : access.name_space);
}

Request OpenWhiskApi::request(std::string_view method, const OpenWhiskAction& action,
                              std::string_view query) const {
  Request out;
  out.method = method;
  out.url = fmt::format("{}/api/v1/namespaces/{}/actions/{}{}", base_, encode_segment(name_space_),
                        encode_name(action.name), query);
  out.fields = {{"Authorization", authorization_}, {"Accept", "application/json"}};
  // PUT and DELETE answer with the whole action, its code included.
  if (method != "GET") out.max_answer = kMaxAction + (1u << 20);
  return out;
}

Request OpenWhiskApi::put_request(const OpenWhiskAction& action, bool exists) const {
  Request out = request("PUT", action, exists ? "?overwrite=true" : "");
  out.fields.emplace_back("Content-Type", "application/json");
  out.body = as_bytes(action.body);
  return out;
}

Error OpenWhiskApi::refused(const Response& response, const OpenWhiskAction& action) const {
  const std::string host = host_of(base_);
  const std::string words = openwhisk_words(response);
  const auto said = [&](std::string_view what) {
    return fmt::format("{}: {} ({})", what, words, response.status);
  };
  switch (response.status) {
    case 401:
      return {Code::kDenied, fmt::format("{} does not know this key (401)", host),
              "check --auth or AUTH in ~/.wskprops: `wsk property get --auth`"};
    case 403:
      return {Code::kDenied, said(fmt::format("{} forbids it", host)),
              "the key must belong to the namespace"};
    case 404:
      return {Code::kNotFound, said(fmt::format("{} has no such place", host)),
              "does the package exist, and is the host an OpenWhisk API host?"};
    case 409:
      return {Code::kBusy, said(fmt::format("'{}' is being changed by somebody else", action.name)),
              "deploy again"};
    case 413:
      return {Code::kLimit,
              said(fmt::format("{} takes no action of {} bytes", host, action.body.size())),
              "use an image that holds the function: `ferry pack --for image`, then --image"};
    case 429:
      return {Code::kBusy, said(fmt::format("{} has had too many requests", host)),
              "wait a minute and deploy again"};
    default:
      break;
  }
  if (response.status >= 300 && response.status < 400) {
    return {Code::kUsage, fmt::format("{} sends us to {}", host, shown(response.field("location"))),
            "give that address with --apihost if it is the right one"};
  }
  if (response.status >= 500) {
    return {Code::kIo, said(fmt::format("{} failed", host)), "deploy again later"};
  }
  return {Code::kDenied, said(fmt::format("{} refuses '{}'", host, action.name)),
          "limits come from [limits] in ferry.toml; kinds from the operator"};
}

Result<std::optional<std::string>> OpenWhiskApi::find(const OpenWhiskAction& action) {
  FERRY_TRY(const Response response, transport_->send(request("GET", action, "?code=false")));
  if (response.status == 404) {
    return std::optional<std::string>();
  }
  if (response.status != 200) {
    return refused(response, action);
  }
  return std::optional<std::string>(annotation_of(response.body, "ferry-package"));
}

Status OpenWhiskApi::put(const OpenWhiskAction& action, bool exists) {
  FERRY_TRY(const Response response, transport_->send(put_request(action, exists)));
  if (response.status != 200) {
    return refused(response, action);
  }
  return Done{};
}

Result<bool> OpenWhiskApi::remove(const OpenWhiskAction& action) {
  FERRY_TRY(const Response response, transport_->send(request("DELETE", action, "")));
  if (response.status == 404) {
    return false;
  }
  if (response.status != 200 && response.status != 204) {
    return refused(response, action);
  }
  return true;
}

std::string OpenWhiskApi::describe_put(const OpenWhiskAction& action) const {
  return describe(request("GET", action, "?code=false")) + describe(put_request(action, true));
}

std::string OpenWhiskApi::describe_remove(const OpenWhiskAction& action) const {
  return describe(request("DELETE", action, ""));
}

std::string OpenWhiskApi::address(const OpenWhiskAction& action, bool web) const {
  const std::string place = action.name.find('/') == std::string::npos && web ? "default/" : "";
  return fmt::format("{}/api/v1/{}/{}{}{}", base_, web ? "web" : "namespaces",
                     encode_segment(name_space_), web ? "/" + place : "/actions/",
                     encode_name(action.name));
}

}  // namespace ferry::deploy
