// ferry help [VERB]: the same as VERB --help; and the exit codes.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/app.h"
#include "commands/command_line.h"
#include "commands/exit_codes.h"

namespace ferry::commands {
namespace {

class Help final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("VERB", verb_,
                   "The verb whose help is wanted (default: ferry itself), or exit-codes");
    app.footer("Examples:\n  ferry help\n  ferry help run\n  ferry help exit-codes");
  }

  int run() override {
    const CommandLine line;
    if (verb_.empty()) {
      fmt::print("{}", line.app.help());
      return kExitOk;
    }
    if (verb_ == kExitTopic) {
      for (const ExitRow& row : exit_rows()) {
        fmt::print("{:>3}  {} ({})\n", row.code, row.meaning, row.from);
      }
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
