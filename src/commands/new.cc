// ferry new LANGUAGE NAME: a folder with a function that builds, runs and has a test.
#include <array>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/verb.h"
#include "project/scaffold.h"

namespace ferry::commands {
namespace {

class New final : public Verb {
 public:
  void declare(CLI::App& app) override {
    std::vector<std::string_view> names;
    for (const project::Language& language : project::languages()) {
      names.push_back(language.name);
    }
    app.add_option("LANGUAGE", language_, "What it is written in")
        ->required()
        ->type_name(fmt::format("{{{}}}", fmt::join(names, ",")));
    app.add_option("NAME", name_, "The function's name: lower-case letters, digits and '-'")
        ->required();
    app.add_option("-o,--out", folder_, "The folder to make (default: NAME)")->type_name("DIR");
    app.add_option("--event", event_,
                   "Start from a sample of this event, and a handler for its form where it has one")
        ->type_name(project::sample_choices());
    app.add_flag("--quiet,-q", quiet_, "Print nothing but errors");
    app.footer(
        "Examples:\n  ferry new go hello\n  ferry new rust thumbnails --event s3\n\n"
        "Then, in the new folder: ferry build && ferry run . '{\"name\":\"Ada\"}'\n\n"
        "Exit codes: 0 made, 2 usage (an unknown language, a name or a folder that cannot be "
        "used), 10 the files could not be written.");
  }

  int run() override {
    Status made = make();
    if (made.ok()) {
      return kExitOk;
    }
    return give_up(made.error());
  }

 private:
  Status make() {
    project::NewProject wanted{name_, folder_.empty() ? name_ : folder_, nullptr, nullptr};
    FERRY_TRY(wanted.language, project::find_language(language_));
    if (!event_.empty()) {
      FERRY_TRY(wanted.event, project::find_sample(event_));
    }
    FERRY_TRY(const auto files, project::write_project(wanted));
    if (quiet_) {
      return Done{};
    }
    for (const std::string& file : files) {
      fmt::print("{}/{}\n", wanted.folder, file);
    }
    fmt::print("\nNext:\n  cd {}\n  ferry build\n  ferry run . {}\n", wanted.folder,
               wanted.event == nullptr ? "'{\"name\":\"Ada\"}'"
                                       : fmt::format("--sample {}", wanted.event->name));
    return Done{};
  }

  std::string language_;
  std::string name_;
  std::string folder_;
  std::string event_;
  bool quiet_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_new() { return std::make_unique<New>(); }

}  // namespace ferry::commands
