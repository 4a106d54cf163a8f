#include "serve/shut_in.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/say.h"
#include "telemetry/settings.h"

namespace ferry::serve {

host::sandbox::Needs needs_of(std::span<const Listed> functions,
                              const capsule::RecordOptions& record) {
  const auto environment = [](const char* name) -> const char* {
    return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  };
  host::sandbox::Needs needs;
  // Both go over a connection; what makes no sense in them is said when they begin.
  const auto traces = telemetry::settings_from(environment);
  const auto metrics = telemetry::metric_settings_from(environment);
  needs.connects = (traces.ok() && traces->has_value()) || (metrics.ok() && metrics->has_value());
  // A process goes on to new files in the folder that it records in.
  if (!record.folder.empty()) needs.folders.push_back({record.folder, false});
  for (const Listed& each : functions) {
    host::sandbox::add_needs(each.manifest.grants, needs);
  }
  return needs;
}

void print_sandbox(const Options& options, const host::sandbox::Needs& needs) {
  fmt::print("{}", host::sandbox::to_text(host::sandbox::describe(options.sandbox, needs)));
}

void shut_in(Provider& provider, const Options& options, const host::sandbox::Needs& needs) {
  provider.forget_keys();
  if (const Status entered = host::sandbox::enter(options.sandbox, needs); !entered.ok()) {
    say("{}: served without the whole sandbox: {}\n", provider.program(), entered.error().text());
  }
}

}  // namespace ferry::serve
