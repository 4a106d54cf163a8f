// Who we are to AWS, and where it is: from options, the environment and the files in ~/.aws, in the
// order that AWS's own tools use ("Configuration and credential file settings").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::deploy {

struct AwsAccess {
  std::string key_id;
  std::string secret;
  std::string session_token;  // of temporary credentials, or empty
  std::string region;
  std::string endpoint;  // "https://lambda.eu-west-1.amazonaws.com", without a '/' at its end
};

// What was typed; empty: not.
struct AwsChoice {
  std::string profile;
  std::string region;
  std::string endpoint;
};

// The world as it is looked at; tests pass their own.
struct AwsWorld {
  std::function<std::string(const char* name)> environment;                 // empty: not set
  std::function<std::optional<std::string>(const std::string& path)> file;  // nullopt: not there
};

// kUsage, with what to do: no credentials, no region, a profile that is not there or that gets its
// credentials in a way that is not known here; kDenied: keys that would go unencrypted elsewhere.
Result<AwsAccess> find_aws_access(const AwsChoice& choice, const AwsWorld& world, bool insecure);

// The value of `key` in [section] of an INI file as AWS writes them; nullopt: not there.
std::optional<std::string> ini_value(std::string_view text, std::string_view section,
                                     std::string_view key);

}  // namespace ferry::deploy
