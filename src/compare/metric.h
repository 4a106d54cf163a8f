// What is measured, as one table: measuring, the terminal's table, JSON and the page all go by it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ferry::compare {

enum class Unit : unsigned char { kMicroseconds, kBytes, kPerSecond };

struct Metric {
  const char* id;     // in JSON; carries its unit
  const char* title;  // for people
  const char* about;  // one sentence: what exactly it is
  Unit unit;
  bool in_table;  // shown in the terminal; all are in JSON and on the page
};

// In the order of the life of a function: compile, load, instantiate, run.
std::span<const Metric> metrics();
const Metric* find_metric(std::string_view id);
inline bool higher_is_better(const Metric& metric) { return metric.unit == Unit::kPerSecond; }

// "12.3 ms", "1.2 MiB", "48k/s": three digits that count.
std::string format_value(double value, Unit unit);

}  // namespace ferry::compare
