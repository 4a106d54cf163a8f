#include "deploy/registry.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/digest.h"

namespace ferry::deploy {
namespace {

namespace json = boost::json;

constexpr char kManifestType[] = "application/vnd.oci.image.manifest.v1+json";
constexpr char kIndexType[] = "application/vnd.oci.image.index.v1+json";

std::string size_text(std::size_t bytes) {
  return bytes < (1u << 20) ? fmt::format("{} bytes", bytes)
                            : fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

// {"errors":[{"code":"DENIED","message":"words"}]} (distribution-spec, "Error Codes").
std::string registry_words(const Response& response) {
  boost::system::error_code error;
  const json::value value = json::parse(response.body, error);
  const json::value* list =
      !error && value.is_object() ? value.get_object().if_contains("errors") : nullptr;
  if (list != nullptr && list->is_array() && !list->get_array().empty()) {
    if (const json::object* first = list->get_array()[0].if_object()) {
      const json::value* words = first->if_contains("message");
      if (words != nullptr && words->is_string()) {
        return shown(std::string(words->get_string()));
      }
    }
  }
  return response.body.empty() ? fmt::format("status {}", response.status) : shown(response.body);
}

// "https://host:port" of a URL, to tell whether credentials may go there.
std::string_view origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string_view::npos ? url : url.substr(0, url.find('/', scheme + 3));
}

class Push {
 public:
  Push(Transport& transport, const ImageName& to, const PushOptions& options)
      : transport_(transport), to_(to), options_(options) {}

  Result<std::string> run(const package::Image& image) {
    FERRY_CHECK_OK(reach());
    const bool several = !image.index.empty();
    for (const package::PlatformImage& platform : image.platforms) {
      FERRY_CHECK_OK(blob("layer", platform.layer));
      FERRY_CHECK_OK(blob("config", as_bytes(platform.config)));
      FERRY_CHECK_OK(manifest(several ? platform.digest : to_.tag, kManifestType, platform.manifest,
                              platform.digest));
    }
    if (several) {
      FERRY_CHECK_OK(manifest(to_.tag, kIndexType, image.index, image.digest));
    }
    return fmt::format("{}/{}@{}", to_.registry, to_.name, image.digest);
  }

 private:
  // TLS always, unless the registry is this machine or it was allowed: then plain HTTP is tried
  // after it, as docker does.
  Status reach() {
    const std::string host =
        to_.registry == "docker.io" ? std::string("registry-1.docker.io") : to_.registry;
    base_ = "https://" + host;
    Request request;
    request.url = base_ + "/v2/";
    auto answer = transport_.send(request);
    const bool plain_allowed = options_.insecure || is_loopback(host_of(base_));
    if (!answer.ok() && plain_allowed && answer.error().code == Code::kIo) {
      base_ = "http://" + host;
      request.url = base_ + "/v2/";
      answer = transport_.send(request);
    }
    if (!answer.ok()) {
      return std::move(answer).error();
    }
    if (answer->status == 401) {
      return log_in(*answer);
    }
    if (answer->status != 200) {
      return Error{Code::kNotFound,
                   fmt::format("{} does not look like an image registry: GET /v2/ returned {}",
                               to_.registry, answer->status),
                   "is the address right?"};
    }
    return Done{};
  }

  Status log_in(const Response& answer) {
    const auto challenge = parse_challenge(answer.field("www-authenticate"));
    const std::string basic = options_.login.user_password.empty()
                                  ? ""
                                  : "Basic " + to_base64(as_bytes(options_.login.user_password));
    if (challenge.has_value() && challenge->scheme == "basic") {
      authorization_ = basic;
      return basic.empty() ? Status(not_known()) : Status(Done{});
    }
    if (!challenge.has_value() || challenge->scheme != "bearer") {
      return Error{
          Code::kUnsupported,
          fmt::format("{} asks for a proof of who we are that ferry can't give", to_.registry),
          "push with docker or skopeo"};
    }
    return fetch_token(*challenge, basic);
  }

  // distribution's "Token Authentication".
  Status fetch_token(const Challenge& challenge, const std::string& basic) {
    const std::string realm(challenge.parameter("realm"));
    const bool safe =
        realm.starts_with("https://") ||
        (realm.starts_with("http://") && (options_.insecure || is_loopback(host_of(realm))));
    if (!safe) {
      return Error{Code::kDenied,
                   fmt::format("{} wants the password to go to {}, unencrypted or nowhere",
                               to_.registry, shown(realm)),
                   ""};
    }
    Request request;
    request.url = fmt::format("{}{}service={}&scope={}", realm,
                              realm.find('?') == std::string::npos ? "?" : "&",
                              encode_segment(challenge.parameter("service")),
                              encode_segment(fmt::format("repository:{}:pull,push", to_.name)));
    if (!basic.empty()) {
      request.fields = {{"Authorization", basic}};
    }
    FERRY_TRY(const Response answer, transport_.send(request));
    boost::system::error_code error;
    const json::value value = json::parse(answer.body, error);
    const json::object* object = error ? nullptr : value.if_object();
    for (const char* name : {"token", "access_token"}) {
      const json::value* token = object == nullptr ? nullptr : object->if_contains(name);
      if (answer.status == 200 && token != nullptr && token->is_string()) {
        authorization_ = "Bearer " + std::string(token->get_string());
        return Done{};
      }
    }
    return not_known();
  }

  // A manifest or an index, under a tag or its digest.
  Status manifest(const std::string& reference, const char* type, const std::string& text,
                  const std::string& digest) {
    Request request = at("PUT", fmt::format("/manifests/{}", reference));
    request.body = as_bytes(text);
    request.fields = {{"Content-Type", type}};
    FERRY_TRY(const Response answer, send(std::move(request)));
    if (answer.status != 201) {
      return refused(answer, "the manifest");
    }
    const std::string_view stored = answer.field("docker-content-digest");
    if (!stored.empty() && stored != digest) {
      return Error{Code::kDenied,
                   fmt::format("{} says that it stored {}, and was sent {}", to_.registry,
                               shown(stored), digest),
                   "something between here and the registry changed the image"};
    }
    return Done{};
  }

  Status blob(std::string_view what, ByteView bytes) {
    const std::string digest = digest_of(bytes);
    FERRY_TRY(const Response there, send(at("HEAD", "/blobs/" + digest)));
    if (there.status == 200) {
      say(fmt::format("{} ({}): there already", what, size_text(bytes.size())));
      return Done{};
    }
    if (there.status != 404) {
      return refused(there, what);
    }
    FERRY_TRY(const Response started, send(at("POST", "/blobs/uploads/")));
    if (started.status != 202) {
      return refused(started, what);
    }
    FERRY_TRY(std::string place, place_of(started.field("location")));
    Request request;
    request.method = "PUT";
    request.url =
        fmt::format("{}{}digest={}", place, place.find('?') == std::string::npos ? "?" : "&",
                    encode_segment(digest));
    request.fields = {{"Content-Type", "application/octet-stream"}};
    request.body = bytes;
    FERRY_TRY(const Response answer, send(std::move(request)));
    if (answer.status != 201) {
      return refused(answer, what);
    }
    say(fmt::format("{} ({}): sent", what, size_text(bytes.size())));
    return Done{};
  }

  // Where an upload continues: a path of this registry, or a whole address.
  Result<std::string> place_of(std::string_view location) const {
    if (location.starts_with('/') && !location.starts_with("//")) {
      return base_ + std::string(location);
    }
    const bool worse = base_.starts_with("https://") && !location.starts_with("https://");
    if (worse || (!location.starts_with("https://") && !location.starts_with("http://"))) {
      return Error{Code::kDenied,
                   fmt::format("{} wants the upload to go to '{}'", to_.registry, shown(location)),
                   "only https addresses are followed"};
    }
    return std::string(location);
  }

  Request at(std::string_view method, std::string_view path) const {
    Request out;
    out.method = method;
    out.url = fmt::format("{}/v2/{}{}", base_, to_.name, path);
    return out;
  }

  // Our credentials are sent to the registry alone.
  Result<Response> send(Request request) {
    if (!authorization_.empty() && origin_of(request.url) == base_) {
      request.fields.emplace_back("Authorization", authorization_);
    }
    return transport_.send(request);
  }

  Error not_known() const {
    const Login& login = options_.login;
    const std::string hint =
        login.user_password.empty() && !login.helper.empty()
            ? fmt::format(
                  "docker keeps this login in the helper '{}', which ferry does not run; "
                  "`docker load` and `docker push` do",
                  shown(login.helper, 40))
            : fmt::format("docker login {}", to_.registry);
    return {Code::kDenied,
            fmt::format("{} {}", to_.registry,
                        login.user_password.empty() ? "wants to know who we are"
                                                    : "does not accept the login"),
            hint};
  }

  Error refused(const Response& answer, std::string_view what) const {
    if (answer.status == 401) {
      return not_known();
    }
    const std::string message = fmt::format("{} refuses {}: {} ({})", to_.registry, what,
                                            registry_words(answer), answer.status);
    switch (answer.status) {
      case 403:
        return {Code::kDenied, message, "may this login push there?"};
      case 404:
        return {Code::kNotFound, message, "does the repository have to be made first?"};
      case 413:
        return {Code::kLimit, message, ""};
      case 429:
        return {Code::kBusy, message, "wait, and push again: what is there is not sent again"};
      default:
        return {answer.status >= 500 ? Code::kIo : Code::kDenied, message, ""};
    }
  }

  void say(const std::string& line) const {
    if (options_.progress) {
      options_.progress(line);
    }
  }

  Transport& transport_;
  const ImageName& to_;
  const PushOptions& options_;
  std::string base_;
  std::string authorization_;
};

}  // namespace

Result<std::string> push_image(Transport& transport, const ImageName& to,
                               const package::Image& image, const PushOptions& options) {
  return Push(transport, to, options).run(image);
}

}  // namespace ferry::deploy
