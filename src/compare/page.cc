#include "compare/page.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/markup.h"
#include "compare/page_style.h"
#include "compare/plot.h"
#include "compare/sample.h"

namespace ferry::compare {
namespace {

const Spread* find(const EngineReport& engine, std::string_view id) {
  const auto found = engine.metrics.find(id);
  return found == engine.metrics.end() ? nullptr : &found->second;
}
double median(const EngineReport& engine, std::string_view id) {
  const Spread* spread = find(engine, id);
  return spread == nullptr ? 0 : spread->median;
}

const EngineReport* native_of(const FunctionReport& function) {
  for (const EngineReport& engine : function.engines) {
    if (engine.engine == kNative && engine.error.empty()) return &engine;
  }
  return nullptr;
}

std::string legend(const Report& report, bool with_native) {
  std::vector<std::string> names;
  for (const FunctionReport& function : report.functions) {
    for (const EngineReport& engine : function.engines) {
      if (engine.metrics.empty() || (engine.engine == kNative && !with_native)) continue;
      if (std::ranges::find(names, engine.engine) == names.end()) names.push_back(engine.engine);
    }
  }
  std::string out = "<ul class=\"legend\">";
  for (const std::string& name : names) {
    out += fmt::format("<li class=\"{}\"><i></i><span>{}</span></li>", series_class(name),
                       escape_markup(name));
  }
  return out + "</ul>\n";
}

// `value` of an engine over the base's, with the range of its processes.
Point ratio_point(const EngineReport& engine, const Spread& spread, double base, Unit unit,
                  std::string_view row) {
  return {engine.engine, spread.median / base, spread.min / base, spread.max / base,
          fmt::format("{}, {}: {} ({} to {}), {:.2f} times", engine.engine, row,
                      format_value(spread.median, unit), format_value(spread.min, unit),
                      format_value(spread.max, unit), spread.median / base)};
}

// Run time of workloads over that of their native builds.
std::string workloads(const Report& report) {
  std::vector<DotRow> rows;
  for (const FunctionReport& function : report.functions) {
    const EngineReport* native = native_of(function);
    if (native == nullptr || median(*native, "run_us") <= 0) continue;
    DotRow row{function.name, {}};
    for (const EngineReport& engine : function.engines) {
      const Spread* run = find(engine, "run_us");
      if (run == nullptr || &engine == native || run->min <= 0) continue;
      row.points.push_back(
          ratio_point(engine, *run, median(*native, "run_us"), Unit::kMicroseconds, function.name));
    }
    if (!row.points.empty()) rows.push_back(std::move(row));
  }
  if (rows.empty()) return "";
  return "<h2>Work, against the same source compiled for this machine</h2>\n"
         "<p>CPU time of one run over that of the native program; 1 is native speed. A dot is the "
         "median of all processes, the line through it their range.</p>\n"
         "<section class=\"card\">" +
         legend(report, false) + dot_plot(rows, "faster than native", "slower than native") +
         "</section>\n";
}

struct Phase {
  const char* id;
  const char* name;
  const char* css;
};
constexpr std::array kToFirst{Phase{"rewrite_us", "prepare", "p6"},
                              Phase{"compile_us", "compile", "p1"},
                              Phase{"open_us", "open the engine", "p2"},
                              Phase{"load_us", "load", "p3"},
                              Phase{"first_instantiate_us", "instantiate", "p4"},
                              Phase{"first_run_us", "run", "p5"}};
constexpr std::array kEach{Phase{"instantiate_us", "instantiate", "p4"},
                           Phase{"run_us", "run", "p5"}, Phase{"drop_us", "drop", "p6"}};

std::string bars(const FunctionReport& function, std::span<const Phase> phases, const char* title,
                 const char* about) {
  std::vector<BarRow> rows;
  for (const EngineReport& engine : function.engines) {
    if (engine.engine == kNative || engine.metrics.empty()) continue;
    BarRow row{engine.engine, engine.engine, {}};
    for (const Phase& phase : phases) {
      row.segments.push_back({phase.css, phase.name, median(engine, phase.id)});
    }
    rows.push_back(std::move(row));
  }
  std::string key = "<ul class=\"legend\">";
  for (const Phase& phase : phases) {
    key += fmt::format("<li class=\"{}\"><i class=\"square\"></i><span>{}</span></li>", phase.css,
                       phase.name);
  }
  return fmt::format("<h3>{}</h3><p class=\"soft small\">{}</p>{}</ul>\n{}", title, about, key,
                     stacked_bars(rows, Unit::kMicroseconds));
}

// All metrics of a function over the first engine's.
std::string ratios(const Report& report, const FunctionReport& function) {
  const EngineReport& base = function.engines.front();
  std::vector<DotRow> rows;
  for (const Metric& metric : metrics()) {
    const double unit = median(base, metric.id);
    if (unit <= 0 || metric.unit == Unit::kPerSecond || !metric.in_table) continue;
    DotRow row{metric.title, {}};
    for (const EngineReport& engine : function.engines) {
      const Spread* spread = find(engine, metric.id);
      if (spread == nullptr || spread->min <= 0 || engine.engine == kNative) continue;
      row.points.push_back(ratio_point(engine, *spread, unit, metric.unit, metric.title));
    }
    if (row.points.size() > 1) rows.push_back(std::move(row));
  }
  if (rows.empty()) return "";
  return fmt::format("<h3>Everything, over {}'s</h3>\n", escape_markup(base.engine)) +
         legend(report, false) + dot_plot(rows, "less", "more");
}

bool is_best(const FunctionReport& function, const Metric& metric, double value) {
  for (const EngineReport& other : function.engines) {
    const Spread* spread = find(other, metric.id);
    if (spread == nullptr || other.engine == kNative) continue;
    if (higher_is_better(metric) ? spread->median > value : spread->median < value) return false;
  }
  return true;
}

std::string numbers(const FunctionReport& function) {
  std::string out =
      "<div class=\"scroll\"><table><thead><tr><th>median <small>(range)</small></th>";
  for (const EngineReport& engine : function.engines) {
    out += fmt::format("<th>{}</th>", escape_markup(engine.engine));
  }
  out += "</tr></thead><tbody>\n";
  for (const Metric& metric : metrics()) {
    out += fmt::format("<tr><td title=\"{}\">{}</td>", metric.about, metric.title);
    for (const EngineReport& engine : function.engines) {
      const Spread* spread = find(engine, metric.id);
      if (spread == nullptr) {
        out += "<td>–</td>";
        continue;
      }
      out += fmt::format("<td{}>{}",
                         is_best(function, metric, spread->median) ? " class=\"best\"" : "",
                         format_value(spread->median, metric.unit));
      if (spread->max > spread->min) {
        out += fmt::format("<br><small>{} to {}</small>", format_value(spread->min, metric.unit),
                           format_value(spread->max, metric.unit));
      }
      out += "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string notes(const FunctionReport& function) {
  std::string out;
  for (const EngineReport& engine : function.engines) {
    if (!engine.error.empty()) {
      out += fmt::format("<p class=\"wrong\">{} could not: {}</p>\n", escape_markup(engine.engine),
                         escape_markup(engine.error));
    }
    if (!engine.rewritten.empty()) {
      out += fmt::format(
          "<p class=\"soft small\">For {} the function was first rewritten without "
          "{}.</p>\n",
          escape_markup(engine.engine),
          escape_markup(fmt::format("{}", fmt::join(engine.rewritten, ", "))));
    }
  }
  if (!function.difference.empty()) {
    out += fmt::format("<p class=\"wrong\">Another reply than {}'s came from: {}</p>\n",
                       escape_markup(function.engines.front().engine),
                       escape_markup(function.difference));
  }
  return out;
}

std::string section(const Report& report, const FunctionReport& function) {
  std::string out =
      fmt::format("<h2>{}</h2>\n<p class=\"soft\">{} of WebAssembly, <code>{}</code></p>\n{}",
                  escape_markup(function.name),
                  format_value(static_cast<double>(function.size_bytes), Unit::kBytes),
                  escape_markup(function.digest), notes(function));
  const bool measured = std::ranges::any_of(
      function.engines, [](const EngineReport& engine) { return !engine.metrics.empty(); });
  if (!measured) return out;
  out += "<section class=\"card\">" +
         bars(function, kToFirst, "From a binary never seen to its first reply",
              "CPU time. A bundle that was compiled before begins at “open the engine”.") +
         bars(function, kEach, "Each event after that, in a new instance",
              "CPU time by the engine's own interface; medians of the phases.") +
         ratios(report, function) + "</section>\n";
  return out + "<details><summary>All numbers</summary>" + numbers(function) + "</details>\n";
}

std::string method(const Report& report) {
  const Machine& machine = report.machine;
  return fmt::format(
      "<h2>How this was measured</h2>\n<p><code>{}</code></p>\n<p>{}, {} core{} for this process, "
      "{:.0f} GiB of memory, {}, {}. Each engine ran in {} processes of its own, interleaved with "
      "the others'; repeated phases took {} ms each. Times are CPU time unless they say otherwise. "
      "Throughput is by the clock, N = {}.</p>\n<p>Control: in each of these processes the same "
      "arithmetic took {} (range {} to {}) of CPU time, and by the clock {:.1f} times as long "
      "(range {:.1f} to {:.1f}); the load average was {:.1f} before and {:.1f} after. Where that "
      "is far from 1, other work shared the machine, and events a second are low for all.</p>\n",
      escape_markup(report.command), escape_markup(machine.cpu), machine.cores,
      machine.cores == 1 ? "" : "s", static_cast<double>(machine.memory_bytes) / (1u << 30),
      escape_markup(machine.system), escape_markup(machine.kernel), report.processes,
      report.budget_ms, report.threads, format_value(report.control_us.median, Unit::kMicroseconds),
      format_value(report.control_us.min, Unit::kMicroseconds),
      format_value(report.control_us.max, Unit::kMicroseconds), report.control_waiting.median,
      report.control_waiting.min, report.control_waiting.max, machine.load_before,
      machine.load_after);
}

}  // namespace

std::string to_page(const Report& report) {
  std::string versions;
  if (!report.functions.empty()) {
    for (const EngineReport& engine : report.functions.front().engines) {
      if (engine.version.empty()) continue;
      versions += fmt::format("{}{} {}", versions.empty() ? "" : ", ", escape_markup(engine.engine),
                              escape_markup(engine.version));
    }
  }
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\">\n<title>ferry compare</title>\n<style>{}"
      "</style></head><body><main>\n<h1>The same work on every engine</h1>\n<p "
      "class=\"soft\">{}<br>{} by ferry {}</p>\n",
      kPageStyle, versions, escape_markup(report.time.substr(0, 10)), escape_markup(report.ferry));
  for (const FunctionReport& function : report.functions) {
    if (native_of(function) == nullptr) out += section(report, function);
  }
  out += workloads(report);
  for (const FunctionReport& function : report.functions) {
    if (native_of(function) == nullptr) continue;
    out +=
        notes(function) + fmt::format("<details><summary>All numbers of {}</summary>{}</details>\n",
                                      escape_markup(function.name), numbers(function));
  }
  return out + method(report) + "</main></body></html>\n";
}

}  // namespace ferry::compare
