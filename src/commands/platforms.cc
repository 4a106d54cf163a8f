// ferry platforms: what functions are served on.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/verb.h"
#include "platforms/list.h"

namespace ferry::commands {
namespace {

class Platforms final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.footer(
        "Example:\n"
        "  ferry run hello.wasm '{\"name\":\"Ada\"}' --platform lambda\n"
        "\n"
        "sends the event through that platform's emulator and adapter.");
  }
  int run() override {
    boost::json::array list;
    for (const platforms::Platform* platform : platforms::all_platforms()) {
      if (output_ == "text") {
        fmt::print("{:<12} {}\n", platform->name(), platform->summary());
      }
      list.push_back({{"name", platform->name()}, {"summary", platform->summary()}});
    }
    if (output_ == "json") {
      fmt::print("{}\n", boost::json::serialize(list));
    }
    return kExitOk;
  }

 private:
  std::string output_ = "text";
};

}  // namespace

std::unique_ptr<Verb> make_platforms() { return std::make_unique<Platforms>(); }

}  // namespace ferry::commands
