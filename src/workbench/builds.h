// When to build: after sources changed and came to rest, and not for ever because of what a build
// writes itself. Pure; the owner tells it the time.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"

namespace ferry::workbench {

class BuildTimer {
 public:
  // The steps in which an editor saves one file mostly follow each other closer than that. What
  // comes later is seen while the build runs, which then begins again.
  static constexpr std::chrono::milliseconds kFirstRest{2};
  // Behind what changed while a build ran: a tool writes several files.
  static constexpr std::chrono::milliseconds kRest{40};
  static constexpr std::chrono::milliseconds kMostWait{400};
  // Builds in a row whose only cause were files that changed during the one before.
  static constexpr unsigned kMostChained = 3;

  // Sources changed. `building`: while a build ran, which may have written them.
  void changed(Monotonic now, bool building);
  // Whether to begin a build now; asked again and again.
  bool due(Monotonic now);
  // When to ask again; nothing: when something changes.
  std::optional<Monotonic> next() const;
  // Once after due() said no for ever: a build writes sources of its own.
  bool take_chain_warning();

 private:
  std::optional<Monotonic> first_;
  Monotonic last_;
  std::chrono::milliseconds rest_{kFirstRest};
  bool by_hand_ = false;  // something changed while no build ran
  unsigned chained_ = 0;
  bool warn_ = false;
};

}  // namespace ferry::workbench
