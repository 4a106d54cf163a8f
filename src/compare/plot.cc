#include "compare/plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/markup.h"

namespace ferry::compare {
namespace {

constexpr double kDodge = 5;  // between engines of one row, so that none hides another
constexpr double kBarHeight = 20;

// How much room a plot has. Text keeps its size on every screen, so a plot for a phone is another
// drawing and not a smaller one.
struct Frame {
  const char* css;
  double width;
  double left;   // where the axis begins: beside the rows' names, unless those stand above
  double right;  // where it ends
  double above;  // room for a row's name above it; 0: it stands on the left
  int ticks;     // of a linear axis, about
};
constexpr Frame kFrames[] = {{"wide", 960, 190, 880, 0, 7}, {"narrow", 330, 6, 318, 20, 3}};

std::string open_svg(const Frame& frame, double height, std::string_view label) {
  return fmt::format(
      "<div class=\"{}\"><svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      frame.css, frame.width, height, escape_markup(label));
}

std::string close_svg() { return "</svg></div>\n"; }

std::string line(double x1, double y1, double x2, double y2, std::string_view css) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, css);
}

std::string text(double x, double y, std::string_view css, std::string_view words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, css,
                     escape_markup(words));
}

// A logarithmic axis from a power of ten, or its double or five times it, to another.
struct LogAxis {
  double low = 0.5;
  double high = 2;
  double left = 0;
  double right = 1;

  double x(double value) const {
    const double at = std::log(value / low) / std::log(high / low);
    return left + (right - left) * std::clamp(at, 0.0, 1.0);
  }
};

constexpr double kSteps[] = {1, 2, 5};

// 1, 2 and 5 times each power of ten in the range, or the powers alone where there are many.
std::vector<double> log_ticks(const LogAxis& axis) {
  // The number of a tick takes up to 34 units.
  const bool crowded = std::log10(axis.high / axis.low) * 3 * 34 > axis.right - axis.left;
  std::vector<double> out;
  for (int power = -9; power <= 12; ++power) {
    for (const double step : kSteps) {
      const double value = step * std::pow(10, power);
      if (value < axis.low * 0.999 || value > axis.high * 1.001) continue;
      if (!crowded || step == 1) out.push_back(value);
    }
  }
  return out;
}

double round_down(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  const double digit = value / power;
  return power * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
}
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  const double digit = value / power;
  return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

LogAxis axis_for(const std::vector<DotRow>& rows, const Frame& frame) {
  double low = 0.8;
  double high = 1.25;
  for (const DotRow& row : rows) {
    for (const Point& point : row.points) {
      low = std::min(low, point.low);
      high = std::max(high, point.high);
    }
  }
  return {round_down(low * 0.98), round_up(high * 1.02), frame.left, frame.right};
}

std::string ratio_text(double value) {
  return value >= 1000 ? fmt::format("{:.0f}k", value / 1000) : fmt::format("{:g}", value);
}

// A tick of a linear axis: all in the unit of the highest, with no digit that says nothing.
std::string tick_text(double value, double high, Unit unit) {
  if (unit != Unit::kMicroseconds) return format_value(value, unit);
  if (high >= 1e6) return fmt::format("{:g} s", value / 1e6);
  if (high >= 1e3) return fmt::format("{:g} ms", value / 1e3);
  return fmt::format("{:g} µs", value);
}

double linear_step(double high, const Frame& frame) {
  return high > 0 ? round_up(high / frame.ticks) : 1;
}

// The name of a row whose middle is at `y`, and whose first line is at `top`.
std::string row_name(const Frame& frame, double top, double y, std::string_view name) {
  return frame.above > 0 ? text(frame.left, top + 14, "label", name)
                         : text(frame.left - 14, y + 5, "label end", name);
}

std::string draw_dots(const std::vector<DotRow>& rows, const Frame& frame, std::size_t most,
                      std::string_view left, std::string_view right) {
  const LogAxis axis = axis_for(rows, frame);
  const double step = frame.above + std::max(30.0, kDodge * static_cast<double>(most) + 14);
  const double top = 34;
  const double bottom = top + step * static_cast<double>(rows.size());
  std::string out = open_svg(frame, bottom + 30, "ratios on a logarithmic axis");
  for (std::size_t i = 1; i < rows.size(); i += 2) {
    out += fmt::format(
        "<rect x=\"0\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\" class=\"stripe\"/>\n",
        top + step * static_cast<double>(i), frame.width, step);
  }
  for (const double tick : log_ticks(axis)) {
    const double x = axis.x(tick);
    out += line(x, top, x, bottom, tick == 1 ? "one" : "grid");
    out += text(x, bottom + 18, "tick middle", ratio_text(tick));
  }
  if (frame.above > 0) {  // no room on both sides of 1, wherever that is
    out += text(frame.left, 18, "side", fmt::format("\u2190 {}", left));
    out += text(frame.right, 18, "side end", fmt::format("{} \u2192", right));
  } else {
    out += text(axis.x(1) - 10, 18, "side end", left);
    out += text(axis.x(1) + 10, 18, "side", right);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double row_top = top + step * static_cast<double>(i);
    const double y = row_top + frame.above + (step - frame.above) / 2;
    out += row_name(frame, row_top, y, rows[i].label);
    const double middle = static_cast<double>(rows[i].points.size() - 1) / 2;
    for (std::size_t k = 0; k < rows[i].points.size(); ++k) {
      const Point& point = rows[i].points[k];
      const double at = y + (static_cast<double>(k) - middle) * kDodge;
      out += fmt::format("<g class=\"{}\"><title>{}</title>\n", series_class(point.engine),
                         escape_markup(point.title));
      out += line(axis.x(point.low), at, axis.x(point.high), at, "range");
      out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/></g>\n", axis.x(point.value),
                         at);
    }
  }
  return out + close_svg();
}

double total_of(const BarRow& row) {
  double total = 0;
  for (const Segment& segment : row.segments) total += segment.value;
  return total;
}

std::string draw_bars(const std::vector<BarRow>& rows, const Frame& frame, double high, Unit unit) {
  const double row_step = frame.above + 32;
  const double step = linear_step(high, frame);
  const double scale = (frame.right - frame.left) / (high * 1.02);
  const double bottom = 8 + row_step * static_cast<double>(rows.size());
  std::string out = open_svg(frame, bottom + 28, "times laid end to end");
  for (int tick = 0; tick * step <= high; ++tick) {
    const double x = frame.left + tick * step * scale;
    out += line(x, 4, x, bottom, "grid");
    const bool edge = frame.above > 0 && tick == 0;  // the drawing begins there
    out += text(x, bottom + 18, edge ? "tick" : "tick middle",
                tick == 0 ? "0" : tick_text(tick * step, high, unit));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const BarRow& row = rows[i];
    const double top = 8 + row_step * static_cast<double>(i);
    const double y = top + frame.above;
    const std::string total = format_value(total_of(row), unit);
    out += row_name(frame, top, y + 10, row.label);
    double x = frame.left;
    for (const Segment& segment : row.segments) {
      out += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" class=\"{}\">"
          "<title>{}: {} {}</title></rect>\n",
          x, y, std::max(0.5, segment.value * scale), kBarHeight, segment.css,
          escape_markup(row.label), escape_markup(segment.name), format_value(segment.value, unit));
      x += segment.value * scale;
    }
    out += frame.above > 0 ? text(frame.right, top + 14, "total end", total)
                           : text(x + 8, y + 15, "total", total);
  }
  return out + close_svg();
}

}  // namespace

std::string series_class(std::string_view engine) {
  std::string out = "e-";
  for (const char c : engine) {
    out += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  }
  return out;
}

std::string dot_plot(const std::vector<DotRow>& rows, std::string_view left,
                     std::string_view right) {
  std::size_t most = 0;
  for (const DotRow& row : rows) most = std::max(most, row.points.size());
  if (most == 0) return "";
  std::string out;
  for (const Frame& frame : kFrames) out += draw_dots(rows, frame, most, left, right);
  return out;
}

std::string stacked_bars(const std::vector<BarRow>& rows, Unit unit) {
  double high = 0;
  for (const BarRow& row : rows) high = std::max(high, total_of(row));
  if (high <= 0) return "";
  std::string out;
  for (const Frame& frame : kFrames) out += draw_bars(rows, frame, high, unit);
  return out;
}

}  // namespace ferry::compare
