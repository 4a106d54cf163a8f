#include "platforms/lambda/deploy/api.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/digest.h"

namespace ferry::deploy {
namespace {

namespace json = boost::json;

constexpr std::string_view kFunctions = "/2015-03-31/functions";
constexpr std::string_view kLayers = "/2018-10-31/layers";
constexpr char kRuntime[] = "provided.al2023";
constexpr int kMaxPolls = 120;  // seconds that AWS may take to make a function ready

json::object object_of(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_int64() ? found->get_int64() : -1;
}

// {"Type":"User","message":"words"}, and "Message" of some errors.
std::string aws_words(const Response& response) {
  const json::object object = object_of(response.body);
  for (const char* name : {"message", "Message"}) {
    if (std::string words = text_of(object, name); !words.empty()) {
      return shown(words);
    }
  }
  return response.body.empty() ? "no words" : shown(response.body);
}

// "ResourceConflictException:http://…" of the header x-amzn-errortype.
std::string kind_of(const Response& response) {
  std::string_view kind = response.field("x-amzn-errortype");
  return shown(kind.substr(0, kind.find(':')), 80);
}

Error refused(const Response& response, std::string_view what, std::string_view host) {
  const std::string said =
      fmt::format("{}: {} ({}{}{})", what, aws_words(response), response.status,
                  kind_of(response).empty() ? "" : " ", kind_of(response));
  switch (response.status) {
    case 401:
    case 403:
      return {Code::kDenied, said,
              "are the credentials right and of this time (`aws sts get-caller-identity`), and may "
              "they do lambda:PublishLayerVersion, lambda:CreateFunction, "
              "lambda:UpdateFunction*, lambda:Get* and iam:PassRole?"};
    case 404:
      return {Code::kNotFound, said, fmt::format("is {} the right place and region?", host)};
    case 409:
      return {Code::kBusy, said, "somebody else is changing it: deploy again"};
    case 413:
      return {Code::kLimit, said,
              "Lambda takes 50 MB of zip in one request, and 250 MB unzipped: use an image"};
    case 429:
      return {Code::kBusy, said, "too many requests: wait a minute and deploy again"};
    default:
      break;
  }
  if (response.status >= 500) {
    return {Code::kIo, said, "deploy again later"};
  }
  return {Code::kDenied, said, ""};
}

json::object layer_body(const LambdaLayer& layer) {
  return {{"Description", layer.description},
          {"Content", json::object{{"ZipFile", to_base64(layer.zip)}}},
          {"CompatibleRuntimes", json::array{kRuntime}},
          {"CompatibleArchitectures", json::array{layer.architecture}}};
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) {
    out.emplace_back(text);
  }
  return out;
}

// What create and update have in common.
json::object configuration(const LambdaFunction& function, const std::vector<std::string>& layers) {
  return {{"Description", function.description},
          {"Handler", function.handler},
          {"Runtime", kRuntime},
          {"Timeout", function.seconds},
          {"MemorySize", function.megabytes},
          {"Layers", array_of(layers)}};
}

json::object creation(const LambdaFunction& function, const std::vector<std::string>& layers) {
  json::object body = configuration(function, layers);
  body["FunctionName"] = function.name;
  body["Role"] = function.role;
  body["Architectures"] = json::array{function.architecture};
  body["Code"] = json::object{{"ZipFile", to_base64(function.zip)}};
  return body;
}

std::vector<std::string> layers_of(const json::object& there) {
  std::vector<std::string> out;
  const json::value* list = there.if_contains("Layers");
  if (list == nullptr || !list->is_array()) {
    return out;
  }
  for (const json::value& each : list->get_array()) {
    if (each.is_object()) {
      out.push_back(text_of(each.get_object(), "Arn"));
    }
  }
  return out;
}

// Lambda's default where nothing is said.
std::string architecture_of(const json::object& there) {
  const json::value* list = there.if_contains("Architectures");
  if (list == nullptr || !list->is_array() || list->get_array().size() != 1 ||
      !list->get_array()[0].is_string()) {
    return "x86_64";
  }
  return std::string(list->get_array()[0].get_string());
}

bool is_configured(const json::object& there, const LambdaFunction& function,
                   const std::vector<std::string>& layers) {
  return text_of(there, "Handler") == function.handler && text_of(there, "Runtime") == kRuntime &&
         text_of(there, "Description") == function.description &&
         number_of(there, "Timeout") == function.seconds &&
         number_of(there, "MemorySize") == function.megabytes && layers_of(there) == layers &&
         (function.role.empty() || text_of(there, "Role") == function.role);
}

std::string function_path(const std::string& name) {
  return fmt::format("{}/{}", kFunctions, encode_segment(name));
}

}  // namespace

std::string code_sha256(ByteView bytes) {
  const Sha256 digest = sha256(bytes);
  return to_base64(ByteView(digest.data(), digest.size()));
}

Request LambdaApi::request(std::string_view method, std::string_view path,
                           const std::string& body) const {
  Request out;
  out.method = method;
  out.url = access_.endpoint + std::string(path);
  out.body = as_bytes(body);
  out.fields = {{"Accept", "application/json"},
                {"X-Amz-Content-Sha256", digest_of(out.body).substr(7)}};
  if (!body.empty()) {
    out.fields.emplace_back("Content-Type", "application/json");
  }
  if (!access_.session_token.empty()) {
    out.fields.emplace_back("X-Amz-Security-Token", access_.session_token);
  }
  out.aws = AwsSignature{access_.region, "lambda", access_.key_id, access_.secret};
  return out;
}

// Answered with 2xx or 404; all else is an error.
Result<Response> LambdaApi::call(const Request& request, std::string_view what) {
  FERRY_TRY(Response response, transport_->send(request));
  if ((response.status >= 200 && response.status < 300) || response.status == 404) {
    return response;
  }
  return refused(response, what, host_of(access_.endpoint));
}

Result<LambdaDone> LambdaApi::put_layer(const LambdaLayer& layer, bool force) {
  const std::string path = fmt::format("{}/{}/versions", kLayers, encode_segment(layer.name));
  const std::string what = "layer " + layer.name;
  if (!force) {
    FERRY_TRY(const Response listed, call(request("GET", path, ""), what));
    const json::object versions = object_of(listed.body);
    const json::value* list = versions.if_contains("LayerVersions");
    const json::object* newest = list != nullptr && list->is_array() && !list->get_array().empty()
                                     ? list->get_array().front().if_object()
                                     : nullptr;
    if (newest != nullptr) {
      FERRY_TRY(const Response got,
                call(request("GET", fmt::format("{}/{}", path, number_of(*newest, "Version")), ""),
                     what));
      const json::object version = object_of(got.body);
      const json::value* content = version.if_contains("Content");
      if (content != nullptr && content->is_object() &&
          text_of(content->get_object(), "CodeSha256") == code_sha256(layer.zip)) {
        return LambdaDone{text_of(version, "LayerVersionArn"), "unchanged"};
      }
    }
  }
  const std::string body = json::serialize(layer_body(layer));
  FERRY_TRY(const Response response, call(request("POST", path, body), what));
  const std::string arn = text_of(object_of(response.body), "LayerVersionArn");
  if (response.status == 404 || arn.empty()) {
    return refused(response, what, host_of(access_.endpoint));
  }
  return LambdaDone{arn, "created"};
}

// A function that is being made ready takes no other change (AWS Lambda, "Function states").
Status LambdaApi::settle(const std::string& name) {
  for (int i = 0; i < kMaxPolls; ++i) {
    FERRY_TRY(const Response response,
              call(request("GET", function_path(name) + "/configuration", ""), "function " + name));
    const json::object there = object_of(response.body);
    const std::string state = text_of(there, "State");
    const std::string update = text_of(there, "LastUpdateStatus");
    if (state == "Failed" || update == "Failed") {
      return Error{Code::kDenied,
                   fmt::format("AWS can't make the function {} ready: {}", name,
                               shown(text_of(there, state == "Failed" ? "StateReason"
                                                                      : "LastUpdateStatusReason"))),
                   ""};
    }
    if (state != "Pending" && update != "InProgress") {
      return Done{};
    }
    clock_->sleep_until(clock_->monotonic() + std::chrono::seconds(1));
  }
  return Error{Code::kBusy, fmt::format("AWS is still making the function {} ready", name),
               "look at it in a minute: aws lambda get-function-configuration"};
}

Result<LambdaDone> LambdaApi::put_function(const LambdaFunction& function,
                                           const std::vector<std::string>& layers, bool force) {
  const std::string what = "function " + function.name;
  const std::string path = function_path(function.name);
  FERRY_TRY(const Response found, call(request("GET", path + "/configuration", ""), what));
  if (found.status == 404) {
    if (function.role.empty()) {
      return Error{Code::kUsage, what + " is not there yet, and a new one needs a role",
                   "give --role ARN: of a role that Lambda may assume, as "
                   "AWSLambdaBasicExecutionRole is attached to"};
    }
    const std::string body = json::serialize(creation(function, layers));
    FERRY_TRY(const Response made, call(request("POST", std::string(kFunctions), body), what));
    if (made.status == 404) {
      return refused(made, what, host_of(access_.endpoint));
    }
    FERRY_CHECK_OK(settle(function.name));
    return LambdaDone{text_of(object_of(made.body), "FunctionArn"), "created"};
  }
  const json::object there = object_of(found.body);
  LambdaDone out{text_of(there, "FunctionArn"), "unchanged"};
  if (force || text_of(there, "CodeSha256") != code_sha256(function.zip) ||
      architecture_of(there) != function.architecture) {
    const std::string body =
        json::serialize(json::object{{"ZipFile", to_base64(function.zip)},
                                     {"Architectures", json::array{function.architecture}}});
    FERRY_TRY(const Response put, call(request("PUT", path + "/code", body), what));
    if (put.status == 404) {
      return refused(put, what, host_of(access_.endpoint));
    }
    FERRY_CHECK_OK(settle(function.name));
    out.done = "updated";
  }
  if (force || !is_configured(there, function, layers)) {
    json::object configured = configuration(function, layers);
    if (!function.role.empty()) {
      configured["Role"] = function.role;
    }
    const std::string body = json::serialize(configured);
    FERRY_TRY(const Response put, call(request("PUT", path + "/configuration", body), what));
    if (put.status == 404) {
      return refused(put, what, host_of(access_.endpoint));
    }
    FERRY_CHECK_OK(settle(function.name));
    out.done = "updated";
  }
  return out;
}

Result<bool> LambdaApi::remove_function(const std::string& name) {
  FERRY_TRY(const Response response,
            call(request("DELETE", function_path(name), ""), "function " + name));
  return response.status != 404;
}

std::string LambdaApi::describe(const LambdaLayer& layer) const {
  const std::string path = fmt::format("{}/{}/versions", kLayers, encode_segment(layer.name));
  const std::string body = json::serialize(layer_body(layer));
  return deploy::describe(request("GET", path, "")) + deploy::describe(request("POST", path, body));
}

std::string LambdaApi::describe(const LambdaFunction& function) const {
  const std::string path = function_path(function.name) + "/configuration";
  const std::string body = json::serialize(creation(function, {}));
  return deploy::describe(request("GET", path, "")) +
         deploy::describe(request("POST", std::string(kFunctions), body));
}

std::string LambdaApi::describe_remove(const std::string& name) const {
  return deploy::describe(request("DELETE", function_path(name), ""));
}

}  // namespace ferry::deploy
