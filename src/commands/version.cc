// ferry version: what this program is, for people and for bug reports.

#include "generated/version.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/verb.h"
#include "engine/loader.h"

namespace ferry::commands {
namespace {

class Version final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.footer("Example:\n  ferry version --output json");
  }

  int run() override {
    std::string plugins;
    for (const engine::Plugin& plugin : engine::list_plugins()) {
      const char* form = output_ == "json" ? "{}\"{}\"" : "{}{}";
      plugins += fmt::format(fmt::runtime(form), plugins.empty() ? "" : ", ", plugin.name);
    }
    if (output_ == "json") {
      fmt::print("{{\"name\":\"ferry\",\"version\":\"{}\",\"engines\":[{}]}}\n", FERRY_VERSION,
                 plugins);
    } else {
      fmt::print("ferry {}\nengines: {}\n", FERRY_VERSION, plugins.empty() ? "none" : plugins);
    }
    return kExitOk;
  }

 private:
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Verb> make_version() { return std::make_unique<Version>(); }

}  // namespace ferry::commands
