#include "commands/app.h"

#include <array>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/version.h"

namespace ferry::commands {
namespace {

// A new verb is one file and one line here.
constexpr std::array kVerbs{
    VerbRow{"run", "Send one event to a function and print its reply", make_run},
    VerbRow{"engines", "List the engines and what each can do", make_engines},
    VerbRow{"version", "Print the version", make_version},
};

// CLI11's words for a wrong command line, made into one of ours.
int usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* verb = &app;
  for (const CLI::App* chosen : app.get_subcommands()) {
    verb = chosen;
  }
  std::string help =
      verb == &app ? "ferry --help" : fmt::format("ferry {} --help", verb->get_name());
  complain({error.what(), fmt::format("see '{}'", help)});
  return kExitUsage;
}

}  // namespace

std::span<const VerbRow> verbs() { return kVerbs; }

void complain(const Complaint& complaint) {
  fmt::print(stderr, "ferry: {}\n", complaint.message);
  if (!complaint.hint.empty()) {
    fmt::print(stderr, "  hint: {}\n", complaint.hint);
  }
}

int run_app(int argc, char** argv) {
  try {
    CLI::App app(
        "ferry carries one WebAssembly function, unmodified, to every serverless platform.",
        "ferry");
    app.set_version_flag("--version", "ferry " FERRY_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Start with:\n  ferry run hello.wasm '{\"name\":\"Ada\"}'\n\n'ferry VERB --help' tells "
        "more.");
    std::array<std::unique_ptr<Verb>, kVerbs.size()> made;
    int exit_code = kExitOk;
    for (std::size_t i = 0; i < kVerbs.size(); ++i) {
      made[i] = kVerbs[i].make();
      CLI::App* sub = app.add_subcommand(kVerbs[i].name, kVerbs[i].summary);
      made[i]->declare(*sub);
      sub->final_callback([&exit_code, verb = made[i].get()] { exit_code = verb->run(); });
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
      return app.exit(help);
    } catch (const CLI::CallForVersion& version) {
      return app.exit(version);
    } catch (const CLI::ParseError& error) {
      return argc < 2 ? (fmt::print("{}", app.help()), kExitUsage) : usage_error(app, error);
    }
    return exit_code;
  } catch (const std::exception& error) {
    complain({fmt::format("internal error: {}", error.what()),
              "this is a fault of ferry; please report it"});
    return 9;
  }
}

}  // namespace ferry::commands
