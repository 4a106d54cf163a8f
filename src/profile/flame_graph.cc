#include "profile/flame_graph.h"

#include <algorithm>
#include <cstdint>
#include <functional>

#include <fmt/format.h>

#include "base/markup.h"
#include "base/terminal.h"

namespace ferry::profile {
namespace {

constexpr double kWidth = 1200;
constexpr double kMargin = 10;
constexpr double kRow = 17;
constexpr double kHead = 44;
constexpr double kLetter = 6.6;     // wide, at the size below
constexpr double kNarrowest = 0.3;  // what is narrower is left out, with all that stands on it
constexpr std::size_t kDeepest = 200;

// A click on a function widens it to the whole picture; one on the lowest row has all again. What a
// text has room for changes with it.
constexpr char kScript[] = R"js(
const all = [...document.querySelectorAll('g[data-x]')].map(g => ({g, r: g.querySelector('rect'),
  t: g.querySelector('text'), n: g.dataset.n, x: +g.dataset.x, w: +g.dataset.w, y: +g.dataset.y}));
function show(from) {
  const k = 1180 / from.w;
  for (const e of all) {
    const below = e.y >= from.y;
    const left = below ? Math.max(10, 10 + (e.x - from.x) * k) : 10 + (e.x - from.x) * k;
    const right = Math.min(1190, 10 + (e.x + e.w - from.x) * k);
    const seen = right - left > 0.3 && left > 9.99;
    e.g.style.display = seen ? '' : 'none';
    if (!seen) continue;
    e.r.setAttribute('x', left); e.r.setAttribute('width', right - left);
    const room = Math.floor((right - left - 4) / 6.6);
    e.t.setAttribute('x', left + 3);
    e.t.textContent = room < 3 ? '' : e.n.length > room ? e.n.slice(0, room - 1) + '…' : e.n;
  }
}
for (const e of all) e.g.addEventListener('click', () => show(e));
)js";

// Names are a stranger's: what a terminal would obey is shown as text, too.
std::string escaped(std::string_view text) { return escape_markup(escape_controls(text)); }

// Cut at a letter's beginning (UTF-8).
std::string cut(std::string_view name, double width) {
  const auto room = static_cast<std::size_t>(std::max(0.0, (width - 4) / kLetter));
  if (room < 3) return "";
  if (name.size() <= room) return std::string(name);
  std::size_t end = room - 1;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "…";
}

// The same for functions of one package or namespace, so that they are seen to belong together.
std::string colour(std::string_view name) {
  const std::string_view home = name.substr(0, name.find_last_of(".:"));
  std::uint32_t hash = 2166136261;
  for (const char c : home) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return fmt::format("hsl({},{}%,{}%)", 8 + hash % 45, 65 + hash / 64 % 25, 58 + hash / 4096 % 12);
}

}  // namespace

void FlameGraph::add(const std::vector<std::string>& stack) {
  if (stack.empty()) return;
  ++root_.total;
  Node* at = &root_;
  for (std::size_t i = 0; i < stack.size() && i < kDeepest; ++i) {
    at = &at->callees[stack[i]];
    ++at->total;
  }
  ++innermost_[stack.back()];
}

std::vector<std::pair<std::string, std::size_t>> FlameGraph::top(std::size_t most) const {
  std::vector<std::pair<std::string, std::size_t>> out(innermost_.begin(), innermost_.end());
  std::ranges::stable_sort(out, std::greater<>(), [](const auto& each) { return each.second; });
  out.resize(std::min(out.size(), most));
  return out;
}

std::string FlameGraph::to_svg(std::string_view title) const {
  struct Box {
    const std::string* name;
    const Node* node;
    double x;
    std::size_t depth;
  };
  static const std::string kAll = "all";
  const double scale =
      root_.total == 0 ? 0 : (kWidth - 2 * kMargin) / static_cast<double>(root_.total);
  std::vector<Box> boxes{{&kAll, &root_, kMargin, 0}};
  std::size_t deepest = 0;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Box from = boxes[i];
    deepest = std::max(deepest, from.depth);
    double x = from.x;
    for (const auto& [name, node] : from.node->callees) {
      const double width = static_cast<double>(node.total) * scale;
      if (width >= kNarrowest) boxes.push_back({&name, &node, x, from.depth + 1});
      x += width;
    }
  }
  const double height = kHead + static_cast<double>(deepest + 1) * kRow + kMargin;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"monospace\" font-size=\"11\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fdfdf8\"/>\n"
      "<text x=\"{2}\" y=\"18\" font-size=\"14\">{3}</text>\n"
      "<text x=\"{2}\" y=\"34\" fill=\"#666\">A function stands on its caller, as wide as its "
      "share "
      "of {4} samples. Click to widen; the lowest row shows all again.</text>\n",
      kWidth, height, kMargin, escaped(title), root_.total);
  for (const Box& box : boxes) {
    const double width = static_cast<double>(box.node->total) * scale;
    const double y = height - kMargin - static_cast<double>(box.depth + 1) * kRow;
    const double share = 100 * static_cast<double>(box.node->total) /
                         static_cast<double>(std::max<std::size_t>(root_.total, 1));
    const std::string name = escaped(*box.name);
    out += fmt::format(
        "<g data-n=\"{0}\" data-x=\"{1:.2f}\" data-w=\"{2:.2f}\" data-y=\"{3}\"><title>{0}\n{4} "
        "samples, {5:.1f} %</title><rect x=\"{1:.2f}\" y=\"{3}\" width=\"{2:.2f}\" height=\"{6}\" "
        "fill=\"{7}\" stroke=\"#fdfdf8\" stroke-width=\"0.5\"/><text x=\"{8:.2f}\" y=\"{9}\">{10}"
        "</text></g>\n",
        name, box.x, width, y, box.node->total, share, kRow - 1,
        box.depth == 0 ? "#d8d8d0" : colour(*box.name), box.x + 3, y + 12,
        escaped(cut(*box.name, width)));
  }
  return out + "<script><![CDATA[" + kScript + "]]></script>\n</svg>\n";
}

}  // namespace ferry::profile
