// ferry deploy, for what `ferry pack --for lambda` made.
#include "deploy/target.h"

#include <charconv>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "platforms/lambda/deploy/api.h"

namespace ferry::deploy {
namespace {

// What Lambda takes in one request (quotas page: 50 MB zipped); it says so itself, a little later.
constexpr std::uint64_t kMaxZip = 64ull << 20;
constexpr std::uint64_t kMaxConfig = 1 << 20;

AwsWorld real_world() {
  return {[](const char* name) {
            const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
            return std::string(value == nullptr ? "" : value);
          },
          [](const std::string& path) -> std::optional<std::string> {
            auto file = read_file(path, kMaxConfig);
            return file.ok() ? std::optional(std::string(as_text(*file))) : std::nullopt;
          }};
}

std::vector<std::string> words_of(std::string_view text, char mark) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find(mark);
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

Result<int> number(std::string_view text) {
  int out = 0;
  auto end = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || out < 1) {
    return Error{Code::kInvalid, "ferry-package.json: a setting is not a number",
                 "pack the function again"};
  }
  return out;
}

class LambdaTarget final : public Target {
 public:
  void declare(CLI::App& app) override {
    const std::string group = "AWS Lambda";
    app.add_option("--role", role_, "ARN of the role that a new function gets")
        ->type_name("ARN")
        ->group(group);
    app.add_option("--region", choice_.region, "Region (default: $AWS_REGION, else the profile's)")
        ->group(group);
    app.add_option("--profile", choice_.profile,
                   "Profile in ~/.aws (default: the keys in the environment, else $AWS_PROFILE)")
        ->group(group);
    app.add_option("--endpoint-url", choice_.endpoint,
                   "Another address of the API (default: $AWS_ENDPOINT_URL, else AWS's)")
        ->type_name("URL")
        ->group(group);
    app.add_option("--prefix", prefix_, "Put before the names of functions and layers")
        ->group(group);
  }

  Result<Report> run(const Job& job) override {
    FERRY_TRY(const AwsAccess access,
              find_aws_access(choice_, real_world(), job.transport.insecure));
    FERRY_TRY(auto transport, make_transport(job.transport));
    LambdaApi api(*transport, access, system_clock());
    FERRY_TRY(const auto functions, functions_of(job));
    if (job.remove) {
      return remove(api, functions, job.dry_run);
    }
    FERRY_TRY(const auto layers, layers_of(job));
    if (job.dry_run) {
      for (const LambdaLayer& layer : layers) {
        fmt::print("{}", api.describe(layer));
      }
      for (const LambdaFunction& function : functions) {
        fmt::print("{}", api.describe(function));
      }
      return Report{};
    }
    Report report;
    std::vector<std::string> arns;
    for (const LambdaLayer& layer : layers) {
      FERRY_TRY(const LambdaDone done, api.put_layer(layer, job.force));
      report.changes.push_back({"layer " + layer.name, done.done});
      arns.push_back(done.arn);
    }
    for (const LambdaFunction& function : functions) {
      FERRY_TRY(const LambdaDone done, api.put_function(function, arns, job.force));
      report.changes.push_back({"function " + function.name, done.done});
      report.address = report.address.empty() ? done.arn : report.address;
    }
    report.next = fmt::format(
        "aws lambda invoke --function-name {} --cli-binary-format raw-in-base64-out "
        "--payload '{{\"name\":\"Ada\"}}' /dev/stdout",
        functions.front().name);
    return report;
  }

 private:
  Result<Report> remove(LambdaApi& api, const std::vector<LambdaFunction>& functions,
                        bool dry_run) {
    Report report;
    for (const LambdaFunction& function : functions) {
      if (dry_run) {
        fmt::print("{}", api.describe_remove(function.name));
        continue;
      }
      FERRY_TRY(const bool was_there, api.remove_function(function.name));
      report.changes.push_back({"function " + function.name, was_there ? "deleted" : "absent"});
    }
    // Other functions may use them, and versions cost nothing.
    report.next = "the layers stay: aws lambda delete-layer-version takes one away";
    return report;
  }

  // Packages of a version that made no other say nothing.
  static Result<std::string> architecture_of(const Job& job) {
    const std::string_view said = job.mark.setting("architecture");
    if (said.empty() || said == "x86_64") return std::string("x86_64");
    if (said == "arm64") return std::string(said);
    return Error{
        Code::kInvalid,
        fmt::format("ferry-package.json names the architecture '{}'", shown(std::string(said), 40)),
        "pack the function again"};
  }

  Result<std::vector<LambdaLayer>> layers_of(const Job& job) const {
    FERRY_TRY(Bytes runtime, read_file(job.folder + "/runtime-layer.zip", kMaxZip));
    FERRY_TRY(Bytes bundles, read_file(job.folder + "/function-layer.zip", kMaxZip));
    FERRY_TRY(const std::string architecture, architecture_of(job));
    std::vector<LambdaLayer> out;
    // One name for each architecture, so that functions of both do not take turns at a version.
    out.push_back({prefix_ + (architecture == "arm64" ? "ferry-runtime-arm64" : "ferry-runtime"),
                   fmt::format("ferry-host {}, {}", job.mark.ferry, job.mark.setting("engine")),
                   std::move(runtime), architecture});
    out.push_back({prefix_ + "ferry-" + layer_name(job.mark.function),
                   fmt::format("{} {}", job.mark.function, job.mark.digest), std::move(bundles),
                   architecture});
    return out;
  }

  Result<std::vector<LambdaFunction>> functions_of(const Job& job) const {
    FERRY_TRY(const Bytes code, read_file(job.folder + "/function.zip", kMaxZip));
    std::vector<LambdaFunction> out;
    for (const std::string& name : words_of(job.mark.setting("functions"), ',')) {
      const auto words = words_of(job.mark.setting("function " + name), ' ');
      if (words.size() != 3) {
        return Error{
            Code::kInvalid,
            fmt::format("ferry-package.json says nothing of the function '{}'", shown(name, 80)),
            "pack the function again"};
      }
      LambdaFunction function;
      function.name = prefix_ + layer_name(name);
      function.handler = name;
      function.description = "ferry " + words[2];
      FERRY_TRY(function.seconds, number(words[0]));
      FERRY_TRY(function.megabytes, number(words[1]));
      FERRY_TRY(function.architecture, architecture_of(job));
      function.role = role_;
      function.zip = code;
      out.push_back(std::move(function));
    }
    if (out.empty()) {
      return Error{Code::kInvalid, "ferry-package.json names no function",
                   "pack the function again"};
    }
    return out;
  }

  // Lambda's names have letters, digits, '-' and '_'; ours also '.'.
  static std::string layer_name(std::string name) {
    for (char& c : name) {
      c = c == '.' ? '-' : c;
    }
    return name;
  }

  std::string role_;
  std::string prefix_;
  AwsChoice choice_;
};

}  // namespace

const Deployment& lambda_deployment() {
  static const Deployment deployment{
      "lambda", [] { return std::unique_ptr<Target>(std::make_unique<LambdaTarget>()); }};
  return deployment;
}

}  // namespace ferry::deploy
