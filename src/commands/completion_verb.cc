// ferry completion SHELL: what the package installs, and what a user without it can source.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/command_line.h"
#include "commands/completion.h"
#include "commands/verb.h"
#include "generated/version.h"

namespace ferry::commands {
namespace {

class Completion final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("SHELL", shell_, "bash, zsh or fish; or man for a manual page")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}));
    app.add_option("VERB", verb_,
                   "With man: the verb whose page is wanted (default: ferry itself)");
    app.footer(
        "Examples:\n  source <(ferry completion bash)\n  ferry completion man run | man -l -");
  }

  int run() override {
    CommandLine line;
    std::string text = shell_ == "man" ? manual_page(line.app, verb_, FERRY_VERSION)
                                       : completion_script(line.app, shell_);
    if (text.empty()) {
      complain({fmt::format("no verb '{}'", verb_), "see 'ferry --help'"});
      return kExitUsage;
    }
    fmt::print("{}", text);
    return kExitOk;
  }

 private:
  std::string shell_;
  std::string verb_;
};

}  // namespace

std::unique_ptr<Verb> make_completion() { return std::make_unique<Completion>(); }

}  // namespace ferry::commands
