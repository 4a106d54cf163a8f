#include "compare/plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace ferry::compare {
namespace {

constexpr double kWidth = 960;
constexpr double kLeft = 190;   // where the axis begins: room for the rows' names
constexpr double kRight = 880;  // where it ends: room for totals
constexpr double kDodge = 5;    // between engines of one row, so that none hides another
constexpr double kBarHeight = 20;
constexpr double kBarStep = 32;

std::string open_svg(double height, std::string_view label) {
  return fmt::format(
      "<div class=\"scroll\"><svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      kWidth, height, escape(label));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view css) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, css);
}

std::string text(double x, double y, std::string_view css, std::string_view words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, css,
                     escape(words));
}

// A logarithmic axis from a power of ten, or its double or five times it, to another.
struct LogAxis {
  double low = 0.5;
  double high = 2;

  double x(double value) const {
    const double at = std::log(value / low) / std::log(high / low);
    return kLeft + (kRight - kLeft) * std::clamp(at, 0.0, 1.0);
  }
};

constexpr double kSteps[] = {1, 2, 5};

// 1, 2 and 5 times each power of ten in the range, or the powers alone where there are many.
std::vector<double> log_ticks(const LogAxis& axis) {
  const bool wide = axis.high / axis.low > 2000;
  std::vector<double> out;
  for (int power = -9; power <= 12; ++power) {
    for (const double step : kSteps) {
      const double value = step * std::pow(10, power);
      if (value < axis.low * 0.999 || value > axis.high * 1.001) continue;
      if (!wide || step == 1) out.push_back(value);
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

LogAxis axis_for(const std::vector<DotRow>& rows) {
  double low = 0.8;
  double high = 1.25;
  for (const DotRow& row : rows) {
    for (const Point& point : row.points) {
      low = std::min(low, point.low);
      high = std::max(high, point.high);
    }
  }
  return {round_down(low * 0.98), round_up(high * 1.02)};
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

// The step of a linear axis with about six ticks.
double linear_step(double high) { return high > 0 ? round_up(high / 7) : 1; }

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Control characters have no place in a page; a NUL ends it for some readers.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

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
  const LogAxis axis = axis_for(rows);
  const double step = std::max(30.0, kDodge * static_cast<double>(most) + 14);
  const double top = 34;
  const double bottom = top + step * static_cast<double>(rows.size());
  std::string out = open_svg(bottom + 30, "ratios on a logarithmic axis");
  for (std::size_t i = 1; i < rows.size(); i += 2) {
    out += fmt::format(
        "<rect x=\"0\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\" class=\"stripe\"/>\n",
        top + step * static_cast<double>(i), kWidth, step);
  }
  for (const double tick : log_ticks(axis)) {
    const double x = axis.x(tick);
    out += line(x, top, x, bottom, tick == 1 ? "one" : "grid");
    out += text(x, bottom + 18, "tick middle", ratio_text(tick));
  }
  out += text(axis.x(1) - 10, 18, "side end", left);
  out += text(axis.x(1) + 10, 18, "side", right);
  double y = top + step / 2;
  for (std::size_t i = 0; i < rows.size(); ++i, y += step) {
    out += text(kLeft - 14, y + 5, "label end", rows[i].label);
    const double middle = static_cast<double>(rows[i].points.size() - 1) / 2;
    for (std::size_t k = 0; k < rows[i].points.size(); ++k) {
      const Point& point = rows[i].points[k];
      const double at = y + (static_cast<double>(k) - middle) * kDodge;
      out += fmt::format("<g class=\"{}\"><title>{}</title>\n", series_class(point.engine),
                         escape(point.title));
      out += line(axis.x(point.low), at, axis.x(point.high), at, "range");
      out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/></g>\n", axis.x(point.value),
                         at);
    }
  }
  return out + "</svg></div>\n";
}

std::string stacked_bars(const std::vector<BarRow>& rows, Unit unit) {
  double high = 0;
  for (const BarRow& row : rows) {
    double total = 0;
    for (const Segment& segment : row.segments) total += segment.value;
    high = std::max(high, total);
  }
  if (high <= 0) return "";
  const double step = linear_step(high);
  const double scale = (kRight - kLeft) / (high * 1.02);
  const double bottom = 8 + kBarStep * static_cast<double>(rows.size());
  std::string out = open_svg(bottom + 28, "times laid end to end");
  for (double tick = 0; tick <= high; tick += step) {
    out += line(kLeft + tick * scale, 4, kLeft + tick * scale, bottom, "grid");
    out += text(kLeft + tick * scale, bottom + 18, "tick middle",
                tick == 0 ? "0" : tick_text(tick, high, unit));
  }
  double y = 8;
  for (const BarRow& row : rows) {
    out += text(kLeft - 14, y + 15, "label end", row.label);
    double x = kLeft;
    double total = 0;
    for (const Segment& segment : row.segments) {
      out += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" class=\"{}\">"
          "<title>{}: {} {}</title></rect>\n",
          x, y, std::max(0.5, segment.value * scale), kBarHeight, segment.css, escape(row.label),
          escape(segment.name), format_value(segment.value, unit));
      x += segment.value * scale;
      total += segment.value;
    }
    out += text(x + 8, y + 15, "total", format_value(total, unit));
    y += kBarStep;
  }
  return out + "</svg></div>\n";
}

}  // namespace ferry::compare
