#include "commands/app.h"

#include <array>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/command_line.h"
#include "function/suggest.h"
#include "generated/version.h"

namespace ferry::commands {
namespace {

// A new verb is one file and one line here.
constexpr std::array kVerbs{
    VerbRow{"new", "Make a folder with a new function that builds, runs and has a test", make_new},
    VerbRow{"run", "Send one event to a function and print its reply", make_run},
    VerbRow{"serve", "Answer HTTP requests and CloudEvents with functions", make_serve},
    VerbRow{"check", "Say what a function is and whether it will run", make_check},
    VerbRow{"build", "Build a function and check it; make it start where its start-up ended",
            make_build},
    VerbRow{"pack", "Make what a platform is given: a container image", make_pack},
    VerbRow{"deploy", "Put what pack made on its platform", make_deploy},
    VerbRow{"compare", "Measure the same work on every engine", make_compare},
    VerbRow{"verify", "Show that a function behaves the same on every platform and engine",
            make_verify},
    VerbRow{"engines", "List the engines and what each can do", make_engines},
    VerbRow{"platforms", "List the platforms that functions are served on", make_platforms},
    VerbRow{"version", "Print the version", make_version},
    VerbRow{"completion", "Print the completion script of a shell, or a manual page",
            make_completion},
};

int unknown_verb(std::string_view word) {
  std::vector<std::string_view> known;
  known.reserve(kVerbs.size());
  for (const VerbRow& row : kVerbs) {
    known.emplace_back(row.name);
  }
  complain(
      {fmt::format("there is no verb '{}'", word),
       fmt::format("did you mean '{}'? 'ferry --help' lists all", function::nearest(word, known))});
  return kExitUsage;
}

// CLI11's words for a wrong command line, made into one of ours.
int usage_error(const CLI::App& app, const CLI::ParseError& error, std::string_view first) {
  const CLI::App* verb = &app;
  for (const CLI::App* chosen : app.get_subcommands()) {
    verb = chosen;
  }
  if (verb == &app && !first.starts_with('-')) {
    return unknown_verb(first);
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

CommandLine::CommandLine()
    : app("ferry carries one WebAssembly function, unmodified, to every serverless platform.",
          "ferry") {
  app.set_version_flag("--version", "ferry " FERRY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Start with:\n  ferry run hello.wasm '{\"name\":\"Ada\"}'\n\n'ferry VERB --help' tells "
      "more.");
  for (const VerbRow& row : kVerbs) {
    made.push_back(row.make());
    CLI::App* sub = app.add_subcommand(row.name, row.summary);
    made.back()->declare(*sub);
    sub->final_callback([this, verb = made.back().get()] { exit_code = verb->run(); });
  }
}

int run_app(int argc, char** argv) {
  try {
    CommandLine line;
    try {
      line.app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return line.app.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
      return line.app.exit(help);
    } catch (const CLI::CallForVersion& version) {
      return line.app.exit(version);
    } catch (const CLI::ParseError& error) {
      if (argc < 2) {
        fmt::print("{}", line.app.help());
        return kExitUsage;
      }
      return usage_error(line.app, error, argv[1]);
    }
    return line.exit_code;
  } catch (const std::exception& error) {
    complain({fmt::format("internal error: {}", error.what()),
              "this is a fault of ferry; please report it"});
    return 9;
  }
}

}  // namespace ferry::commands
