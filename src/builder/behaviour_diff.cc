#include "builder/behaviour_diff.h"

#include <fmt/format.h>

#include "base/file.h"
#include "builder/function_options.h"
#include "host/host.h"

namespace ferry::builder {
namespace {

constexpr int kRuns = 3;

Case make_case(std::string name, std::optional<std::string> data, std::string type) {
  Case out{std::move(name), {}};
  out.event.id = "case-" + out.name;
  out.event.source = "/ferry/build";
  out.event.type = "ferry.case";
  out.event.time = "2026-01-02T03:04:05Z";
  out.event.data = std::move(data);
  if (out.event.data) {
    out.event.datacontenttype = std::move(type);
  }
  return out;
}

// What must be the same, in one string; times and ids left out.
std::string summary(const host::Outcome& outcome) {
  std::string out =
      fmt::format("{} exit {} type {} reply {}", host::status_row(outcome.status).name,
                  outcome.exit_code, outcome.reply.content_type, outcome.reply.data);
  for (const host::LogLine& line : outcome.logs) {
    out += "\nlog " + line.text;
  }
  return out;
}

std::string brief(const std::string& text) {
  return text.size() <= 200 ? text : text.substr(0, 200) + "…";
}

Result<std::shared_ptr<host::Loaded>> load(host::Host& host, engine::Engine& engine,
                                           const engine::EngineOptions& options,
                                           const function::Function& function) {
  FERRY_TRY(auto bundle, make_bundle(function, engine.info(), options, true, nullptr));
  return host.load(bundle, {function.name, function.manifest, {}});
}

}  // namespace

Result<std::vector<Case>> make_cases(const std::vector<std::string>& files) {
  const std::string json = "application/json";
  std::vector<Case> cases;
  cases.push_back(make_case("no data", std::nullopt, ""));
  cases.push_back(make_case(kPlainCase, R"({"name":"Ada","n":1.10,"list":[1,2,3]})", json));
  cases.push_back(make_case("unicode", "{\"name\":\"\xC3\x89 \xE6\x97\xA5\xE6\x9C\xAC\"}", json));
  cases.push_back(make_case("broken json", "{\"name\":", "text/plain"));
  cases.push_back(make_case("text", "hello", "text/plain"));
  cases.push_back(
      make_case("bytes", std::string("\x00\xFF\x01\x80", 4), "application/octet-stream"));
  cases.push_back(make_case("large", "{\"name\":\"" + std::string(300'000, 'x') + "\"}", json));
  for (const std::string& file : files) {
    FERRY_TRY(auto bytes, read_file(file, 64u << 20));
    cases.push_back(make_case(file, std::string(as_text(bytes)), json));
  }
  return cases;
}

Result<std::string> compare_functions(engine::Engine& engine, const engine::EngineOptions& options,
                                      const function::Function& original,
                                      const function::Function& other,
                                      const std::vector<std::string>& case_files) {
  FERRY_TRY(auto cases, make_cases(case_files));
  host::Host host(engine, system_clock(), system_random());
  FERRY_TRY(auto first, load(host, engine, options, original));
  FERRY_TRY(auto second, load(host, engine, options, other));
  std::size_t unsteady = 0;
  for (const Case& each : cases) {
    host::Outcome expected = host.invoke(*first, each.event, {});
    bool steady = summary(expected) == summary(host.invoke(*first, each.event, {}));
    unsteady += steady ? 0 : 1;
    for (int run = 0; run < kRuns; ++run) {
      host::Outcome got = host.invoke(*second, each.event, {});
      bool same = steady ? summary(got) == summary(expected) : got.status == expected.status;
      if (!same) {
        return Error{
            Code::kInvalid,
            fmt::format("no snapshot: on the event '{}' it behaves differently.\n"
                        "  original: {}\n  snapshot: {} {}",
                        each.name, brief(summary(expected)), brief(summary(got)), got.message),
            "it depends on something that the snapshot froze, or keeps state that it "
            "should not"};
      }
    }
  }
  std::string out = fmt::format("same outcome as the original on {} events", cases.size());
  if (unsteady != 0) {
    out +=
        fmt::format(" ({} by status alone: the original itself differs from run to run)", unsteady);
  }
  return out;
}

}  // namespace ferry::builder
