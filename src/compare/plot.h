// Two kinds of plot as inline SVG, each drawn twice: 960 wide in a div of class "wide", and for a
// phone in one of class "narrow"; the page shows one of them. Colours are CSS classes too, so that
// the page decides about light and dark.
#pragma once

#include <string>
#include <vector>

#include "compare/metric.h"

namespace ferry::compare {

// CSS class of an engine's colour: "e-wasmtime". The same in every plot of a page.
std::string series_class(std::string_view engine);

struct Point {
  std::string engine;
  double value = 0;
  double low = 0;  // of the processes
  double high = 0;
  std::string title;  // shown when pointed at
};
struct DotRow {
  std::string label;
  std::vector<Point> points;
};

// Ratios on a logarithmic axis, a row each, with a line at 1; `left` and `right` say what the
// sides mean. Empty without a point.
std::string dot_plot(const std::vector<DotRow>& rows, std::string_view left,
                     std::string_view right);

struct Segment {
  std::string css;  // class of its colour
  std::string name;
  double value = 0;
};
struct BarRow {
  std::string label;
  std::string engine;
  std::vector<Segment> segments;
};

// Bars of parts laid end to end on a linear axis from 0, with the total at the end.
std::string stacked_bars(const std::vector<BarRow>& rows, Unit unit);

}  // namespace ferry::compare
