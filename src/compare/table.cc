#include <algorithm>

#include <fmt/format.h>

#include "compare/metric.h"
#include "compare/page.h"

namespace ferry::compare {
namespace {

constexpr std::size_t kFirst = 22;
constexpr std::size_t kColumn = 19;

// Columns as the eye counts them: "µ" is one.
std::string pad(std::string text, std::size_t width) {
  std::size_t seen = 0;
  for (const char c : text) seen += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  if (seen < width) text.append(width - seen, ' ');
  return text;
}

const Spread* find(const EngineReport& engine, const char* id) {
  const auto found = engine.metrics.find(id);
  return found == engine.metrics.end() ? nullptr : &found->second;
}

}  // namespace

std::string to_table(const Report& report) {
  std::string out;
  for (const FunctionReport& function : report.functions) {
    out += fmt::format("\n{} ({})\n{}", function.name,
                       format_value(static_cast<double>(function.size_bytes), Unit::kBytes),
                       pad("", kFirst));
    for (const EngineReport& engine : function.engines) out += pad(engine.engine, kColumn);
    out += "\n";
    for (const Metric& metric : metrics()) {
      std::string cells;
      bool any = false;
      for (const EngineReport& engine : function.engines) {
        const Spread* spread = find(engine, metric.id);
        any |= spread != nullptr;
        std::string cell = "-";
        if (spread != nullptr) {
          cell = format_value(spread->median, metric.unit);
          // Half of the range over the median: how far to trust it.
          if (spread->median > 0 && spread->max > spread->min) {
            cell += fmt::format(" ±{:.0f}%", 50 * (spread->max - spread->min) / spread->median);
          }
        }
        cells += pad(std::move(cell), kColumn);
      }
      if (any && metric.in_table) out += pad(metric.title, kFirst) + cells + "\n";
    }
    for (const EngineReport& engine : function.engines) {
      if (!engine.error.empty()) out += fmt::format("{}: {}\n", engine.engine, engine.error);
    }
    if (!function.difference.empty()) {
      out += fmt::format("DIFFERENT REPLY than {}: {}\n", function.engines.front().engine,
                         function.difference);
    }
  }
  out += fmt::format(
      "\nMedians of {} processes, and half of their range. Times are CPU time. Control: the same "
      "arithmetic\ntook {} ±{:.0f}% in all processes, by the clock {:.1f} times as long.\n",
      report.processes, format_value(report.control_us.median, Unit::kMicroseconds),
      report.control_us.median > 0
          ? 50 * (report.control_us.max - report.control_us.min) / report.control_us.median
          : 0,
      report.control_waiting.median);
  return out;
}

}  // namespace ferry::compare
