// The report for people: a table with a row a case and a column a platform, then every fault with
// both sides.
#include <algorithm>

#include <fmt/format.h>

#include "base/excerpt.h"
#include "verify/report.h"

namespace ferry::verify {
namespace {

constexpr std::size_t kMostFaults = 20;
constexpr std::size_t kMostName = 32;

class Table {
 public:
  Table(const Report& report, bool colours) : report_(report), colours_(colours) {
    for (const std::string& name : report.cases) {
      width_ = std::max(width_, std::min(name.size(), kMostName));
    }
  }

  std::string make() {
    head();
    for (std::size_t i = 0; i < report_.cases.size(); ++i) {
      row(i);
    }
    notes();
    faults();
    return std::move(out_);
  }

 private:
  std::string painted(const char* code, std::string text) const {
    return colours_ ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
  }

  void cell(const std::string& text, const char* code, std::size_t width) {
    out_ += "  " + painted(code, text) +
            std::string(width > text.size() ? width - text.size() : 0, ' ');
  }

  std::size_t side_width(std::size_t side) const {
    return std::max<std::size_t>(report_.sides[side].size(), 8);
  }

  void head() {
    std::string engines;
    std::size_t ran = 0;
    for (const EngineResult& engine : report_.engines) {
      if (engine.error.empty()) {
        engines += fmt::format("{}{} {}", ran++ == 0 ? "" : ", ", engine.engine, engine.version);
      }
    }
    out_ +=
        fmt::format("{}  {}\n{} case{} by the host and over {} platform{}, on {}\n\n",
                    report_.function, report_.digest, report_.cases.size(),
                    report_.cases.size() == 1 ? "" : "s", report_.sides.size(),
                    report_.sides.size() == 1 ? "" : "s", engines.empty() ? "no engine" : engines);
    out_ += fmt::format("{:<{}}  {:<8}", "", width_, "host");
    for (std::size_t i = 0; i < report_.sides.size(); ++i) {
      out_ += fmt::format("  {:<{}}", report_.sides[i], side_width(i));
    }
    trim();
  }

  void row(std::size_t at) {
    out_ += fmt::format("{:<{}}", report_.cases[at].substr(0, kMostName), width_);
    bool wrong = false;
    for (const EngineResult& engine : report_.engines) {
      wrong |= at < engine.cases.size() &&
               (engine.cases[at].unexpected || (at < engine.across.size() && engine.across[at]));
    }
    const bool native = std::ranges::none_of(report_.engines, [&](const EngineResult& engine) {
      return at < engine.cases.size() && engine.cases[at].seen.logs.has_value();
    });
    cell(wrong ? "DIFFERS" : native ? "-" : "same", wrong ? "31" : "32", 8);
    for (std::size_t side = 0; side < report_.sides.size(); ++side) {
      side_cell(at, side);
    }
    trim();
  }

  void side_cell(std::size_t at, std::size_t side) {
    State worst = State::kSkipped;
    std::string why;
    const auto rank = [](State state) {
      switch (state) {
        case State::kFailed:
          return 4;
        case State::kDiffers:
          return 3;
        case State::kLost:
          return 2;
        case State::kSame:
          return 1;
        default:
          return 0;
      }
    };
    for (const EngineResult& engine : report_.engines) {
      if (at < engine.cases.size() && side < engine.cases[at].sides.size()) {
        const SideResult& result = engine.cases[at].sides[side];
        if (rank(result.state) >= rank(worst)) {
          worst = result.state;
          why = result.why;
        }
      }
    }
    const std::size_t width = side_width(side);
    switch (worst) {
      case State::kFailed:
        return cell("FAILED", "31", width);
      case State::kDiffers:
        return cell("DIFFERS", "31", width);
      case State::kLost:
        return cell(fmt::format("same ({})", note_number(report_.sides[side] + ": " + why)), "33",
                    width);
      case State::kSame:
        return cell("same", "32", width);
      case State::kSkipped:
        return cell("-", "2", width);
    }
  }

  std::size_t note_number(const std::string& note) {
    const auto found = std::ranges::find(notes_, note);
    if (found != notes_.end()) {
      return static_cast<std::size_t>(found - notes_.begin()) + 1;
    }
    notes_.push_back(note);
    return notes_.size();
  }

  void notes() {
    out_ += '\n';
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      out_ += fmt::format("({}) {}\n", i + 1, notes_[i]);
    }
    for (const EngineResult& engine : report_.engines) {
      if (engine.skipped) {
        out_ += fmt::format("not on {}: {}\n", engine.engine, engine.error);
      }
    }
    for (std::size_t i = 0; i < report_.cases.size(); ++i) {
      const bool unsteady = std::ranges::any_of(report_.engines, [&](const EngineResult& engine) {
        return i < engine.cases.size() && !engine.cases[i].steady;
      });
      if (unsteady) {
        out_ += fmt::format(
            "'{}' is compared by its status alone: the function itself differs from run to run\n",
            report_.cases[i]);
      }
    }
  }

  void faults() {
    const auto faults = faults_of(report_);
    for (std::size_t i = 0; i < std::min(faults.size(), kMostFaults); ++i) {
      const Fault& fault = faults[i];
      out_ += fmt::format("{}  {}{}: {}\n", painted("31", "DIFFERS"),
                          fault.name.empty() ? "" : "'" + fault.name + "' on ", fault.where,
                          fault.difference.field);
      out_ += fmt::format("  expected  {}\n  got       {}\n",
                          excerpt(fault.difference.expected, fault.difference.got),
                          excerpt(fault.difference.got, fault.difference.expected));
    }
    if (faults.size() > kMostFaults) {
      out_ += fmt::format("and {} more: --output json has all\n", faults.size() - kMostFaults);
    }
    out_ += faults.empty()
                ? painted("32", "all the same") + "\n"
                : fmt::format("{} difference{}\n", faults.size(), faults.size() == 1 ? "" : "s");
  }

  void trim() {
    while (out_.ends_with(' ')) {
      out_.pop_back();
    }
    out_ += '\n';
  }

  const Report& report_;
  bool colours_;
  std::size_t width_ = 4;
  std::string out_;
  std::vector<std::string> notes_;
};

}  // namespace

std::string to_table(const Report& report, bool colours) { return Table(report, colours).make(); }

}  // namespace ferry::verify
