#include "compare/metric.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace ferry::compare {
namespace {

constexpr std::array kMetrics{
    Metric{"artifact_bytes", "Compiled code", "Size of what the engine made of the function.",
           Unit::kBytes, true},
    Metric{"rewrite_us", "Prepare", "Ferry's own preparation, and binaryen's rewriting if needed.",
           Unit::kMicroseconds, false},
    Metric{"compile_us", "Compile", "CPU time of the engine's compiler, over all its threads.",
           Unit::kMicroseconds, true},
    Metric{"compile_wall_us", "Compile, by the clock", "The same by the clock on the wall.",
           Unit::kMicroseconds, false},
    Metric{"open_us", "Open engine", "Loading the plug-in and setting the engine up.",
           Unit::kMicroseconds, true},
    Metric{"load_us", "Load", "From compiled code in a file to a module.", Unit::kMicroseconds,
           true},
    Metric{"first_instantiate_us", "First instance", "The first instance of a process.",
           Unit::kMicroseconds, false},
    Metric{"first_run_us", "First run", "The first run of a process: cold code and memory.",
           Unit::kMicroseconds, true},
    Metric{"instantiate_us", "Instantiate", "Later instances of the same module.",
           Unit::kMicroseconds, true},
    Metric{"run_us", "Run", "Later runs, each in a new instance.", Unit::kMicroseconds, true},
    Metric{"drop_us", "Drop", "Giving a used instance back.", Unit::kMicroseconds, false},
    Metric{"event_new_us", "Event, new instance",
           "A whole event through the host, in a new instance.", Unit::kMicroseconds, true},
    Metric{"event_kept_us", "Event, kept instance",
           "A whole event in an instance that was reset to its first state.", Unit::kMicroseconds,
           true},
    Metric{"events_1", "Events, 1 thread", "Whole events a second, by the clock.", Unit::kPerSecond,
           true},
    Metric{"events_n", "Events, N threads", "The same by all threads of one process together.",
           Unit::kPerSecond, true},
    Metric{"memory_bytes", "Memory an instance",
           "Private memory of the process for each instance that is alive and has run once.",
           Unit::kBytes, true},
};

struct Step {
  double from;
  double scale;
  const char* suffix;
};

std::string scaled(double value, std::span<const Step> steps) {
  const Step* chosen = &steps.front();
  for (const Step& step : steps) {
    if (value >= step.from) {
      chosen = &step;
    }
  }
  const double shown = value / chosen->scale;
  const int digits = shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", shown, digits, chosen->suffix);
}

constexpr std::array kTimes{Step{0, 1, " µs"}, Step{1e3, 1e3, " ms"}, Step{1e6, 1e6, " s"}};
constexpr std::array kBytes{Step{0, 1024, " KiB"}, Step{1048576, 1048576, " MiB"}};
constexpr std::array kRates{Step{0, 1, "/s"}, Step{1e3, 1e3, "k/s"}, Step{1e6, 1e6, "M/s"}};

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

const Metric* find_metric(std::string_view id) {
  for (const Metric& metric : kMetrics) {
    if (id == metric.id) {
      return &metric;
    }
  }
  return nullptr;
}

std::string format_value(double value, Unit unit) {
  switch (unit) {
    case Unit::kMicroseconds:
      return scaled(value, kTimes);
    case Unit::kBytes:
      return scaled(value, kBytes);
    case Unit::kPerSecond:
      return scaled(value, kRates);
  }
  return "";
}

}  // namespace ferry::compare
