#include "commands/app.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/say.h"
#include "base/terminal.h"
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
    VerbRow{"dev", "Build, serve and show a function while it is written", make_dev},
    VerbRow{"replay", "Replay recorded events and show what comes out differently", make_replay},
    VerbRow{"check", "Say what a function is and whether it will run", make_check},
    VerbRow{"build", "Build a function and check it; make it start where its start-up ended",
            make_build},
    VerbRow{"pack", "Make what a platform is given: layers, a zip or a container image", make_pack},
    VerbRow{"deploy", "Put what pack made on its platform", make_deploy},
    VerbRow{"compare", "Measure the same work on every engine", make_compare},
    VerbRow{"verify", "Show that a function behaves the same on every platform and engine",
            make_verify},
    VerbRow{"engines", "List the engines and what each can do", make_engines},
    VerbRow{"platforms", "List the platforms that functions are served on", make_platforms},
    VerbRow{"cache", "Show what compiled functions are kept, and remove some", make_cache},
    VerbRow{"help", "Print the help of a verb", make_help},
    VerbRow{"version", "Print the version", make_version},
    VerbRow{"completion", "Print the completion script of a shell, or a manual page",
            make_completion},
};

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view near = function::near_enough(word, known);
  return near.empty() ? "" : fmt::format("did you mean '{}'? ", near);
}

bool is_verb(std::string_view word) {
  return std::ranges::any_of(kVerbs, [&](const VerbRow& row) { return word == row.name; });
}

// An option that the verb, or ferry itself, does not have, with the nearest that it has; nothing
// where all words that look like options are its own.
std::optional<Complaint> unknown_option(const CLI::App& verb, std::span<char* const> words) {
  const std::string command =
      verb.get_parent() == nullptr ? "ferry" : fmt::format("ferry {}", verb.get_name());
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_group().empty()) continue;  // internal
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const char* each : words) {
    const std::string_view word =
        std::string_view(each).substr(0, std::string_view(each).find('='));
    if (word == "--") break;
    // Of several letters behind one dash CLI11 takes each for an option.
    const std::string option(word.starts_with("--") ? word : word.substr(0, 2));
    if (word.size() > 1 && word.starts_with('-') && option != "--" &&
        verb.get_option_no_throw(option) == nullptr) {
      return Complaint{fmt::format("{} is not an option of '{}'", option, command),
                       did_you_mean(word, known) + fmt::format("'{} --help' lists all", command)};
    }
  }
  return std::nullopt;
}

// "--timeout: 1 required TIME missing", as people say it.
std::string in_words(std::string message) {
  constexpr std::string_view kRequired = ": 1 required ";
  constexpr std::string_view kMissing = " missing";
  const std::size_t at = message.find(kRequired);
  if (at == std::string::npos || !message.ends_with(kMissing)) {
    return message;
  }
  const std::size_t begin = at + kRequired.size();
  return fmt::format("{} needs a value: {}", message.substr(0, at),
                     message.substr(begin, message.size() - kMissing.size() - begin));
}

// CLI11's words for a wrong command line, made into one of ours.
int usage_error(const CLI::App& app, const CLI::ParseError& error, std::span<char* const> words) {
  const CLI::App* verb = &app;
  for (const CLI::App* chosen : app.get_subcommands()) {
    verb = chosen;
  }
  if (const auto complaint = unknown_option(*verb, words.subspan(verb == &app ? 0 : 1))) {
    complain(*complaint);
    return kExitUsage;
  }
  std::string help =
      verb == &app ? "ferry --help" : fmt::format("ferry {} --help", verb->get_name());
  std::string message = in_words(error.what());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    // CLI11 lists them last first.
    std::vector<std::string> extra = verb->remaining();
    message =
        fmt::format("{} more than 'ferry {}' takes: {}", extra.size() == 1 ? "one word" : "words",
                    verb->get_name(), fmt::join(extra, " "));
  }
  complain({message, fmt::format("see '{}'", help)});
  return kExitUsage;
}

}  // namespace

int unknown_verb(std::string_view word) {
  std::vector<std::string_view> known;
  known.reserve(kVerbs.size());
  for (const VerbRow& row : kVerbs) {
    known.emplace_back(row.name);
  }
  complain({fmt::format("there is no verb '{}'", word),
            did_you_mean(word, known) + "'ferry --help' lists all"});
  return kExitUsage;
}

std::span<const VerbRow> verbs() { return kVerbs; }

void complain(const Complaint& complaint) {
  say("ferry: {}\n", escape_controls(complaint.message, LineEnds::kKeep));
  if (!complaint.hint.empty()) {
    say("  hint: {}\n", escape_controls(complaint.hint, LineEnds::kKeep));
  }
}

int give_up(const Error& error) {
  complain({error.message, error.hint});
  return exit_code_of(error);
}

CommandLine::CommandLine()
    : app("ferry carries one WebAssembly function, unmodified, to every serverless platform.",
          "ferry") {
  app.set_version_flag("--version", "ferry " FERRY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Start with:\n  ferry run hello.wasm '{\"name\":\"Ada\"}'\n\n'ferry help VERB' tells "
      "more; 'ferry help exit-codes' lists the exit codes.");
  for (const VerbRow& row : kVerbs) {
    made.push_back(row.make());
    CLI::App* sub = app.add_subcommand(row.name, row.summary);
    made.back()->declare(*sub);
    sub->final_callback([this, verb = made.back().get()] { exit_code = verb->run(); });
  }
}

int run_app(int argc, char** argv) {
  try {
    const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
    if (argc > 1 && words[1][0] != '-' && !is_verb(words[1])) {
      return unknown_verb(words[1]);  // whatever comes behind it, --help too
    }
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
      return usage_error(line.app, error, words.subspan(1));
    }
    return line.exit_code;
  } catch (const std::exception& error) {
    complain({fmt::format("internal error: {}", error.what()),
              "this is a fault of ferry; please report it"});
    return kExitBroken;
  }
}

}  // namespace ferry::commands
