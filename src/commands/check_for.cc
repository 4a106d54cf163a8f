#include "commands/check_for.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "platforms/list.h"

namespace ferry::commands {
namespace {

namespace json = boost::json;
using function::Finding;

bool is_wanted(const std::string& name, const std::vector<std::string>& wanted) {
  return std::ranges::any_of(
      wanted, [&](const std::string& each) { return each == name || each == "all"; });
}

}  // namespace

std::vector<OnPlatform> look_at_platforms(const function::Function& function, bool runs,
                                          const std::vector<std::string>& wanted) {
  std::vector<OnPlatform> out;
  for (const platforms::Platform* platform : platforms::all_platforms()) {
    if (!is_wanted(platform->name(), wanted)) {
      continue;
    }
    OnPlatform on{platform, platforms::explain_for(function, platform->rules()), runs};
    for (const Finding& finding : on.findings) {
      on.runs &= finding.kind != Finding::Kind::kStops;
    }
    out.push_back(std::move(on));
  }
  return out;
}

void print_findings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    fmt::print("  {:<10} {}\n", finding.kind == Finding::Kind::kStops ? "STOPS" : "note",
               finding.message);
    if (!finding.hint.empty()) {
      fmt::print("             {}\n", finding.hint);
    }
  }
}

void print_platforms(const std::vector<OnPlatform>& platforms) {
  for (const OnPlatform& on : platforms) {
    fmt::print("{}: it will {}run\n", on.platform->name(), on.runs ? "" : "not ");
    print_findings(on.findings);
    if (const std::string_view source = on.platform->rules().source;
        !source.empty() && !on.findings.empty()) {
      fmt::print("  {:<10} {}\n", "source", source);
    }
  }
}

json::array findings_json(const std::vector<Finding>& findings) {
  json::array out;
  for (const Finding& finding : findings) {
    out.push_back(json::object{{"stops", finding.kind == Finding::Kind::kStops},
                               {"id", std::string(finding.id)},
                               {"message", finding.message},
                               {"hint", finding.hint}});
  }
  return out;
}

json::array platforms_json(const std::vector<OnPlatform>& platforms) {
  json::array out;
  for (const OnPlatform& on : platforms) {
    out.push_back(json::object{{"name", on.platform->name()},
                               {"runs", on.runs},
                               {"findings", findings_json(on.findings)},
                               {"source", std::string(on.platform->rules().source)}});
  }
  return out;
}

}  // namespace ferry::commands
