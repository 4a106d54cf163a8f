#include "platforms/lambda/deploy/aws_access.h"

#include <array>

#include <fmt/format.h>

#include "deploy/transport.h"

namespace ferry::deploy {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// "[profile work]" → "profile work"; nothing when the line is not a section.
std::optional<std::string_view> section_of(std::string_view line) {
  if (!line.starts_with('[') || line.find(']') == std::string_view::npos) {
    return std::nullopt;
  }
  return trimmed(line.substr(1, line.find(']') - 1));
}

// What the two files say about one profile.
class Profile {
 public:
  Profile(std::string name, const AwsWorld& world) : name_(std::move(name)) {
    const std::string home = world.environment("HOME");
    auto read = [&](const char* variable, const char* usual) {
      const std::string path = world.environment(variable);
      return world.file(path.empty() ? home + usual : path).value_or("");
    };
    credentials_ = read("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
    config_ = read("AWS_CONFIG_FILE", "/.aws/config");
  }

  std::string value(std::string_view key) const {
    if (auto found = ini_value(credentials_, name_, key)) {
      return *found;
    }
    const std::string section = name_ == "default" ? name_ : "profile " + name_;
    return ini_value(config_, section, key).value_or("");
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::string credentials_;
  std::string config_;
};

Error no_credentials(const Profile& profile) {
  constexpr std::array kOtherWays = {"sso_session", "sso_start_url", "role_arn",
                                     "credential_process", "web_identity_token_file"};
  for (const char* way : kOtherWays) {
    if (!profile.value(way).empty()) {
      return {Code::kUsage,
              fmt::format("the profile '{}' gets its credentials by {}, which ferry does not do",
                          profile.name(), way),
              fmt::format("let AWS's tool do it: eval \"$(aws configure export-credentials "
                          "--profile {} --format env)\"",
                          profile.name())};
    }
  }
  return {Code::kUsage,
          fmt::format("no credentials for AWS, neither in the environment nor of the profile '{}'",
                      profile.name()),
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`"};
}

Status find_keys(const AwsChoice& choice, const AwsWorld& world, const Profile& profile,
                 AwsAccess& out) {
  out.key_id = world.environment("AWS_ACCESS_KEY_ID");
  out.secret = world.environment("AWS_SECRET_ACCESS_KEY");
  out.session_token = world.environment("AWS_SESSION_TOKEN");
  if (out.key_id.empty() || out.secret.empty() || !choice.profile.empty()) {
    out.key_id = profile.value("aws_access_key_id");
    out.secret = profile.value("aws_secret_access_key");
    out.session_token = profile.value("aws_session_token");
  }
  if (out.key_id.empty() || out.secret.empty()) {
    return no_credentials(profile);
  }
  return Done{};
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() < 40 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string first_of(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) {
      return value;
    }
  }
  return {};
}

}  // namespace

std::optional<std::string> ini_value(std::string_view text, std::string_view section,
                                     std::string_view key) {
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view raw = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::string_view line = trimmed(raw);
    if (auto begins = section_of(line)) {
      inside = *begins == section;
      continue;
    }
    // Indented lines belong to a key with a block of its own ("s3 =").
    const bool nested = raw.starts_with(' ') || raw.starts_with('\t');
    const std::size_t equals = line.find('=');
    if (!inside || nested || line.starts_with('#') || line.starts_with(';') ||
        equals == std::string_view::npos) {
      continue;
    }
    if (trimmed(line.substr(0, equals)) == key) {
      return std::string(trimmed(line.substr(equals + 1)));
    }
  }
  return std::nullopt;
}

Result<AwsAccess> find_aws_access(const AwsChoice& choice, const AwsWorld& world, bool insecure) {
  const Profile profile(first_of({choice.profile, world.environment("AWS_PROFILE"), "default"}),
                        world);
  AwsAccess out;
  FERRY_CHECK_OK(find_keys(choice, world, profile, out));
  out.region = first_of({choice.region, world.environment("AWS_REGION"),
                         world.environment("AWS_DEFAULT_REGION"), profile.value("region")});
  if (!is_region(out.region)) {
    return Error{Code::kUsage,
                 out.region.empty()
                     ? "no region of AWS is known"
                     : fmt::format("'{}' is not a valid AWS region", shown(out.region, 40)),
                 "give --region, or set AWS_REGION: for example eu-west-1"};
  }
  out.endpoint = first_of({choice.endpoint, world.environment("AWS_ENDPOINT_URL_LAMBDA"),
                           world.environment("AWS_ENDPOINT_URL"), profile.value("endpoint_url")});
  if (out.endpoint.empty()) {
    out.endpoint = fmt::format("https://lambda.{}.amazonaws.com{}", out.region,
                               out.region.starts_with("cn-") ? ".cn" : "");
  }
  while (out.endpoint.ends_with('/')) {
    out.endpoint.pop_back();
  }
  if (!out.endpoint.starts_with("https://") && !insecure && !is_loopback(host_of(out.endpoint))) {
    return Error{Code::kDenied,
                 fmt::format("the request would go to {} unencrypted", host_of(out.endpoint)),
                 "use its https:// address, or allow it with --insecure"};
  }
  return out;
}

}  // namespace ferry::deploy
