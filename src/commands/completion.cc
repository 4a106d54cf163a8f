#include "commands/completion.h"

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

std::string long_names(const CLI::App& app) {
  std::string names;
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : option->get_lnames()) {
      names += (names.empty() ? "--" : " --") + name;
    }
  }
  return names;
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
  std::string verbs;
  std::string cases;
  for (const CLI::App* verb : visible_verbs(app)) {
    verbs += (verbs.empty() ? "" : " ") + verb->get_name();
    cases += fmt::format("    {}) words='{}' ;;\n", verb->get_name(), long_names(*verb));
  }
  return fmt::format(
      "# bash completion for ferry; made by 'ferry completion bash'\n"
      "_ferry() {{\n"
      "  local words='{}' current=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  if [ \"$COMP_CWORD\" -gt 1 ]; then case ${{COMP_WORDS[1]}} in\n{}"
      "    *) words='' ;;\n"
      "  esac; fi\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ] || [[ $current == -* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  else\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
      "  fi\n"
      "}}\n"
      "complete -o filenames -F _ferry ferry\n",
      verbs, cases);
}

std::string zsh_script(const CLI::App& app) {
  std::string verbs;
  std::string cases;
  for (const CLI::App* verb : visible_verbs(app)) {
    verbs +=
        fmt::format("    {}\n", shell_quoted(verb->get_name() + ":" + verb->get_description()));
    cases += fmt::format("    {}) compadd -- {} ;;\n", verb->get_name(), long_names(*verb));
  }
  return fmt::format(
      "#compdef ferry\n"
      "# zsh completion for ferry; made by 'ferry completion zsh'\n"
      "_ferry() {{\n"
      "  local -a verbs=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n"
      "  if [[ $PREFIX != -* ]]; then _files; return; fi\n"
      "  case $words[2] in\n{}  esac\n"
      "}}\n"
      "_ferry \"$@\"\n",
      verbs, cases);
}

std::string fish_script(const CLI::App& app) {
  std::string out = "# fish completion for ferry; made by 'ferry completion fish'\n";
  for (const CLI::App* verb : visible_verbs(app)) {
    out += fmt::format("complete -c ferry -f -n __fish_use_subcommand -a {} -d {}\n",
                       verb->get_name(), shell_quoted(verb->get_description()));
    for (const CLI::Option* option : options_of(*verb)) {
      for (const std::string& name : option->get_lnames()) {
        out += fmt::format("complete -c ferry -n '__fish_seen_subcommand_from {}' -l {} -d {}\n",
                           verb->get_name(), name, shell_quoted(option->get_description()));
      }
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
