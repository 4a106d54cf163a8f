// ferry deploy, for what `ferry pack --for openwhisk` made.
#include "deploy/target.h"

#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "builder/values.h"
#include "platforms/openwhisk/deploy/api.h"

namespace ferry::deploy {
namespace {

constexpr std::uint64_t kMaxProperties = 64 << 10;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class OpenWhiskTarget final : public Target {
 public:
  void declare(CLI::App& app) override {
    const std::string group = "OpenWhisk";
    app.add_option("--apihost", given_.api_host,
                   "API host (default: $__OW_API_HOST, else APIHOST in ~/.wskprops)")
        ->type_name("HOST|URL")
        ->group(group);
    app.add_option("--auth", given_.auth,
                   "Key, or @FILE with it: then nobody sees it in the list of processes (default: "
                   "$__OW_API_KEY, else AUTH in ~/.wskprops)")
        ->type_name("UUID:KEY")
        ->group(group);
    app.add_option("--namespace", given_.name_space, "Namespace (default: the key's own)")
        ->type_name("NAME")
        ->group(group);
    app.add_option("--name", choice_.name, "Name of the action (default: the function's)")
        ->type_name("[PACKAGE/]NAME")
        ->group(group);
    app.add_option("--kind", choice_.kind, "Kind that runs it (default: wasm:1)")->group(group);
    app.add_option("--image", choice_.image, "Image that runs it, where the kind is not installed")
        ->group(group);
    app.add_flag("--without-code", choice_.without_code, "The image holds the function itself")
        ->group(group);
    app.add_option("--web", web_, "Reachable over HTTP without a key; raw: the body as it was sent")
        ->check(CLI::IsMember({"yes", "raw"}))
        ->group(group);
    app.add_flag("--web-result", choice_.result,
                 "The reply is the action's result, for callers of NAME.json, .text, .html, .svg")
        ->group(group);
    app.add_option("--concurrency", choice_.concurrency, "Activations at once in one container")
        ->check(CLI::Range(1, 500))
        ->group(group);
  }

  Result<Report> run(const Job& job) override {
    FERRY_TRY(const Bytes packed, read_file(job.folder + "/action.json", kMaxAction));
    choice_.web = !web_.empty();
    choice_.raw = web_ == "raw";
    FERRY_TRY(const OpenWhiskAction action, make_action(as_text(packed), choice_));
    FERRY_TRY(const OpenWhiskAccess access, find_access());
    FERRY_TRY(auto transport, make_transport(job.transport));
    FERRY_TRY(auto api, OpenWhiskApi::open(*transport, access, job.transport.insecure));
    if (job.dry_run) {
      fmt::print("{}", job.remove ? api.describe_remove(action) : api.describe_put(action));
      return Report{};
    }
    Report report;
    if (job.remove) {
      FERRY_TRY(const bool was_there, api.remove(action));
      report.changes.push_back({"action " + action.name, was_there ? "deleted" : "absent"});
      return report;
    }
    FERRY_TRY(const std::optional<std::string> there, api.find(action));
    std::string done = there.has_value() ? "updated" : "created";
    if (there == action.package && !job.force) {
      done = "unchanged";
    } else {
      FERRY_CHECK_OK(api.put(action, there.has_value()));
    }
    report.changes.push_back({"action " + action.name, done});
    report.address = api.address(action, choice_.web);
    report.next = fmt::format("wsk action invoke {} --result --param name Ada", action.name);
    return report;
  }

 private:
  // As `wsk`: what was typed, the environment of an action, the properties file.
  Result<OpenWhiskAccess> find_access() const {
    OpenWhiskAccess out = given_;
    FERRY_TRY(out.auth, builder::value_of(given_.auth, "--auth"));
    const auto fill = [&](const std::string& host, const std::string& auth,
                          const std::string& name_space) {
      out.api_host = out.api_host.empty() ? host : out.api_host;
      out.auth = out.auth.empty() ? auth : out.auth;
      out.name_space = out.name_space.empty() ? name_space : out.name_space;
    };
    fill(environment("__OW_API_HOST"), environment("__OW_API_KEY"), environment("__OW_NAMESPACE"));
    std::string path = environment("WSK_CONFIG_FILE");
    const bool named = !path.empty();
    if (!named) {
      path = environment("HOME") + "/.wskprops";
    }
    auto file = read_file(path, kMaxProperties);
    if (!file.ok()) {
      if (named) {
        return std::move(file).error();
      }
      return out;  // no such file is the usual case
    }
    const Fields properties = parse_wskprops(as_text(*file));
    const auto property = [&](std::string_view wanted) {
      for (const auto& [key, value] : properties) {
        if (key == wanted) {
          return value;
        }
      }
      return std::string();
    };
    fill(property("APIHOST"), property("AUTH"), property("NAMESPACE"));
    return out;
  }

  OpenWhiskAccess given_{"", "", ""};
  OpenWhiskChoice choice_;
  std::string web_;
};

}  // namespace

const Deployment& openwhisk_deployment() {
  static const Deployment deployment{
      "openwhisk", [] { return std::unique_ptr<Target>(std::make_unique<OpenWhiskTarget>()); }};
  return deployment;
}

}  // namespace ferry::deploy
