#include "commands/profiled_run.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/file.h"
#include "base/terminal.h"
#include "host/host.h"
#include "profile/profiler.h"

namespace ferry::commands {
namespace {

constexpr std::size_t kShown = 10;

void tell(const profile::Profile& found, const std::string& file) {
  const auto samples = found.graph.samples();
  const double each = found.took.count() / static_cast<double>(found.events);
  fmt::print(stderr, "ferry: {} sample{} of {} event{} in {:.1f} s ({:.0f} us each)\n", samples,
             samples == 1 ? "" : "s", found.events, found.events == 1 ? "" : "s",
             found.took.count(), each * 1e6);
  for (const auto& [name, count] : found.graph.top(kShown)) {
    fmt::print(stderr, "{:6.1f} %  {}\n",
               100 * static_cast<double>(count) / static_cast<double>(samples),
               escape_controls(name));
  }
  fmt::print(stderr, "ferry: flame graph: {}\n", file);
}

}  // namespace

Result<host::Outcome> run_profiled(const function::Function& function,
                                   const engine::LoadedEngine& engine,
                                   const engine::EngineOptions& engine_options,
                                   const event::Event& event,
                                   const std::vector<std::string>& args) {
  FERRY_TRY(const auto profiler, profile::Profiler::make(function, engine->info(), engine_options));
  host::Host host(*engine, system_clock(), system_random());
  FERRY_TRY(const auto loaded,
            host.load(profiler.bundle(), {function.name, function.manifest, {}}));
  host::InvokeOptions options;
  options.args = args;
  FERRY_TRY(profile::Profile found, profiler.run(host, *loaded, event, options));
  if (found.graph.samples() == 0) {
    return Error{
        Code::kUnsupported,
        fmt::format("the event ended after {:.0f} us, before the function was sampled once",
                    found.took.count() * 1e6),
        "an event that is granted folders or connections is run once: give it more work"};
  }
  const std::string file = function.name + "-profile.svg";
  const std::string title =
      fmt::format("{}: {} events, {:.0f} µs each", function.name, found.events,
                  found.took.count() / static_cast<double>(found.events) * 1e6);
  FERRY_CHECK_OK(write_file_atomically(file, as_bytes(found.graph.to_svg(title))));
  tell(found, file);
  return std::move(found.first);
}

}  // namespace ferry::commands
