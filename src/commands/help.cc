// ferry help [VERB]: what --help prints, for who types it the other way round.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/app.h"
#include "commands/command_line.h"

namespace ferry::commands {
namespace {

class Help final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("VERB", verb_, "The verb whose help is wanted (default: ferry itself)");
    app.footer("Examples:\n  ferry help\n  ferry help run");
  }

  int run() override {
    const CommandLine line;
    if (verb_.empty()) {
      fmt::print("{}", line.app.help());
      return kExitOk;
    }
    const auto found =
        line.app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == verb_; });
    if (found.empty()) {
      return unknown_verb(verb_);
    }
    fmt::print("{}", found.front()->help("ferry"));
    return kExitOk;
  }

 private:
  std::string verb_;
};

}  // namespace

std::unique_ptr<Verb> make_help() { return std::make_unique<Help>(); }

}  // namespace ferry::commands
