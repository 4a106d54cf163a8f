#include "commands/completion.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ferry::commands {
namespace {

std::vector<const CLI::App*> visible_verbs(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) {
    return option->nonpositional() && !option->get_group().empty();  // no group: internal
  });
}

// Its long names, or its short ones where it has no other.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

std::string all_names(const CLI::App& app) {
  std::string names;
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : names_of(*option)) {
      if (name.starts_with("--")) names += (names.empty() ? "" : " ") + name;
    }
  }
  return names;
}

// What its value may be, apart by spaces: CLI11 describes a set as {a,b}. Empty: anything.
std::string values_of(const CLI::Option& option) {
  const std::string kind = option.get_type_name();
  const std::size_t begin = kind.find('{');
  const std::size_t end = kind.find('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  std::string values = kind.substr(begin + 1, end - begin - 1);
  std::ranges::replace(values, ',', ' ');
  return values;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// Of the first word behind the verb: verbs, or one of a set.
std::string first_words(const CLI::App& verb, const std::string& verbs) {
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_positional()) continue;
    return option->get_name() == "VERB" ? verbs + " exit-codes" : values_of(*option);
  }
  return {};
}

std::string verb_names(const CLI::App& app) {
  std::string names;
  for (const CLI::App* verb : visible_verbs(app)) {
    names += (names.empty() ? "" : " ") + verb->get_name();
  }
  return names;
}

// `VERB BEFORE` of each place at which one of a few words must stand, as patterns of a shell's
// case, with these words.
struct Place {
  std::string pattern;
  std::string words;
};
std::vector<Place> places_of(const CLI::App& verb, const std::string& verbs) {
  std::vector<Place> places;
  if (std::string words = first_words(verb, verbs); !words.empty()) {
    places.push_back({fmt::format("'{0} {0}'", verb.get_name()), std::move(words)});
  }
  for (const CLI::Option* option : options_of(verb)) {
    std::string words = values_of(*option);
    if (words.empty()) continue;
    std::string pattern;
    for (const std::string& name : names_of(*option)) {
      pattern += fmt::format("{}'{} {}'", pattern.empty() ? "" : "|", verb.get_name(), name);
    }
    places.push_back({std::move(pattern), std::move(words)});
  }
  return places;
}

// Single quotes for a shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string bash_script(const CLI::App& app) {
  const std::string verbs = verb_names(app);
  std::string places;
  std::string options;
  for (const CLI::App* verb : visible_verbs(app)) {
    for (const Place& place : places_of(*verb, verbs)) {
      places += fmt::format("    {}) words='{}' ;;\n", place.pattern, place.words);
    }
    options += fmt::format("      {}) words='{}' ;;\n", verb->get_name(), all_names(*verb));
  }
  // '=' is a word of its own in COMP_WORDS.
  return fmt::format(
      "# bash completion for ferry; made by 'ferry completion bash'\n"
      "_ferry() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=\n"
      "  if [[ $current == = ]]; then current=\n"
      "  elif [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then words='{} --help --version'\n"
      "  else case \"${{COMP_WORDS[1]}} $before\" in\n{}"
      "    *) if [[ $current == -* ]]; then case ${{COMP_WORDS[1]}} in\n{}"
      "    esac; fi ;;\n"
      "  esac; fi\n"
      "  if [[ -n $words ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  else\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
      "  fi\n"
      "}}\n"
      "complete -o filenames -F _ferry ferry\n",
      verbs, places, options);
}

std::string zsh_script(const CLI::App& app) {
  const std::string verbs = verb_names(app);
  std::string described;
  std::string places;
  std::string options;
  for (const CLI::App* verb : visible_verbs(app)) {
    described +=
        fmt::format("    {}\n", shell_quoted(verb->get_name() + ":" + verb->get_description()));
    for (const Place& place : places_of(*verb, verbs)) {
      places += fmt::format("    {}) compadd -- {}; return ;;\n", place.pattern, place.words);
    }
    options += fmt::format("    {}) compadd -- {} ;;\n", verb->get_name(), all_names(*verb));
  }
  return fmt::format(
      "#compdef ferry\n"
      "# zsh completion for ferry; made by 'ferry completion zsh'\n"
      "_ferry() {{\n"
      "  local -a verbs=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    if [[ $PREFIX == -* ]]; then compadd -- --help --version\n"
      "    else _describe verb verbs; fi\n"
      "    return\n"
      "  fi\n"
      "  local before=$words[CURRENT-1]\n"
      "  if [[ $PREFIX == --*=* ]]; then before=${{PREFIX%%=*}}; compset -P '*='; fi\n"
      "  case \"$words[2] $before\" in\n{}  esac\n"
      "  if [[ $PREFIX != -* ]]; then _files; return; fi\n"
      "  case $words[2] in\n{}  esac\n"
      "}}\n"
      "# Found in $fpath, or read with 'source'.\n"
      "if [[ $funcstack[1] == _ferry ]]; then _ferry \"$@\"; else compdef _ferry ferry; fi\n",
      described, places, options);
}

std::string fish_script(const CLI::App& app) {
  std::string out =
      "# fish completion for ferry; made by 'ferry completion fish'\n"
      "complete -c ferry -f -n __fish_use_subcommand -l help -d 'Print the verbs'\n"
      "complete -c ferry -f -n __fish_use_subcommand -l version -d 'Print the version'\n";
  const std::string verbs = verb_names(app);
  const auto offer = [](const std::string& words) {
    return words.empty() ? std::string() : " -a " + shell_quoted(words);
  };
  for (const CLI::App* verb : visible_verbs(app)) {
    const std::string within =
        fmt::format("complete -c ferry -n '__fish_seen_subcommand_from {}'", verb->get_name());
    out += fmt::format("complete -c ferry -f -n __fish_use_subcommand -a {} -d {}\n",
                       verb->get_name(), shell_quoted(verb->get_description()));
    if (const std::string words = first_words(*verb, verbs); !words.empty()) {
      out += fmt::format("complete -c ferry -f -n '__fish_prev_arg_in {}'{}\n", verb->get_name(),
                         offer(words));
    }
    for (const CLI::Option* option : options_of(*verb)) {
      out += within;
      for (const std::string& name : option->get_lnames()) out += " -l " + name;
      for (const std::string& name : option->get_snames()) out += " -s " + name;
      const std::string values = values_of(*option);
      out += fmt::format("{}{}{} -d {}\n", takes_value(*option) ? " -r" : "",
                         values.empty() ? "" : " -f", offer(values),
                         shell_quoted(option->get_description()));
    }
  }
  return out;
}

// man(7): a leading dot or quote would be a request, a backslash an escape, a hyphen a dash.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (char c : text) {
    if (line_start && (c == '.' || c == '\'')) {
      out += "\\&";
    }
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string option_pages(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) {
      continue;
    }
    std::string kind = option->get_type_name();
    out +=
        fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(option->get_name(false, true)),
                    kind.empty() || !option->nonpositional() ? "" : " \\fI" + roff(kind) + "\\fR",
                    roff(option->get_description()));
  }
  return out;
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  if (shell == "bash") {
    return bash_script(app);
  }
  if (shell == "zsh") {
    return zsh_script(app);
  }
  return shell == "fish" ? fish_script(app) : std::string();
}

std::string manual_page(const CLI::App& app, std::string_view verb, std::string_view version) {
  const CLI::App* subject = &app;
  if (!verb.empty()) {
    subject = nullptr;
    for (const CLI::App* candidate : visible_verbs(app)) {
      subject = candidate->get_name() == verb ? candidate : subject;
    }
    if (subject == nullptr) {
      return {};
    }
  }
  std::string name = verb.empty() ? "ferry" : fmt::format("ferry-{}", verb);
  std::string out = fmt::format(
      ".TH {} 1 \"\" \"ferry {}\" \"ferry manual\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B ferry "
      "{}\n",
      name, version, roff(name), roff(subject->get_description()), verb);
  if (verb.empty()) {
    out += ".I VERB\n[\\fIOPTIONS\\fR]\n.SH VERBS\n";
    for (const CLI::App* each : visible_verbs(app)) {
      out += fmt::format(".TP\n\\fB{}\\fR\n{} See \\fBferry\\-{}\\fR(1).\n", each->get_name(),
                         roff(each->get_description() + "."), each->get_name());
    }
  } else {
    for (const CLI::Option* option : subject->get_options()) {
      if (option->get_positional()) {
        out += fmt::format("{0}\\fI{2}\\fR{1}\n", option->get_required() ? "" : "[",
                           option->get_required() ? "" : "]", roff(option->get_name(true, false)));
      }
    }
    out += "[\\fIOPTIONS\\fR]\n";
  }
  out += ".SH OPTIONS\n" + option_pages(*subject);
  if (std::string footer = subject->get_footer(); !footer.empty()) {
    out += ".SH NOTES\n.nf\n" + roff(footer) + "\n.fi\n";
  }
  return out;
}

}  // namespace ferry::commands
