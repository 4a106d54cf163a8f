// An action in OpenWhisk, by its REST API (docs/rest_api.md of Apache OpenWhisk): looked up,
// created, updated, deleted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "deploy/transport.h"

namespace ferry::deploy {

// Bytes of action.json: far above what any OpenWhisk takes as it is configured.
inline constexpr std::uint64_t kMaxAction = 128ull << 20;

// Where, and who we are.
struct OpenWhiskAccess {
  std::string api_host;  // "host", "host:port" or a URL; without a scheme: https
  std::string auth;      // "uuid:key"
  std::string name_space = "_";
};

// The properties file of `wsk`: NAME=VALUE lines, '#' comments; a value may appear in quotes.
Fields parse_wskprops(std::string_view text);

// What is changed of action.json before it is sent. Empty: as it was packed.
struct OpenWhiskChoice {
  std::string name;  // "hello", or "package/hello"
  std::string kind;
  std::string image;          // run by this image, whatever kinds are installed ("blackbox")
  bool without_code = false;  // the image holds the function itself
  bool web = false;           // reachable over HTTP without a key
  bool raw = false;           // and with the body as it was sent
  bool result = false;        // its reply is the result that NAME.json and its like project from
  std::optional<std::int64_t> concurrency;
};

struct OpenWhiskAction {
  std::string name;
  std::string body;     // of the PUT
  std::string package;  // digest of all that is in `body`; the annotation "ferry-package"
};

// kInvalid: action.json is none. kUsage: a choice that can't be.
Result<OpenWhiskAction> make_action(std::string_view action_json, const OpenWhiskChoice& choice);

// Thread-safety: as the transport's, which is borrowed.
class OpenWhiskApi {
 public:
  // kUsage: no host or key, or a key that would go unencrypted to another machine.
  static Result<OpenWhiskApi> open(Transport& transport, const OpenWhiskAccess& access,
                                   bool insecure);

  // The annotation "ferry-package" of the action; empty where it has none; nullopt: no such action.
  Result<std::optional<std::string>> find(const OpenWhiskAction& action);
  // `exists`: as just found. Somebody else's creation in between is kBusy, never overwritten.
  Status put(const OpenWhiskAction& action, bool exists);
  // Whether there was one.
  Result<bool> remove(const OpenWhiskAction& action);

  // For --dry-run.
  std::string describe_put(const OpenWhiskAction& action) const;
  std::string describe_remove(const OpenWhiskAction& action) const;

  // Of the action, as the web sees it when `web` is set.
  std::string address(const OpenWhiskAction& action, bool web) const;

 private:
  OpenWhiskApi(Transport& transport, std::string base, std::string authorization,
               std::string name_space)
      : transport_(&transport),
        base_(std::move(base)),
        authorization_(std::move(authorization)),
        name_space_(std::move(name_space)) {}
  Request request(std::string_view method, const OpenWhiskAction& action,
                  std::string_view query) const;
  Request put_request(const OpenWhiskAction& action, bool exists) const;
  Error refused(const Response& response, const OpenWhiskAction& action) const;

  Transport* transport_;
  std::string base_;  // "https://host"
  std::string authorization_;
  std::string name_space_;
};

}  // namespace ferry::deploy
