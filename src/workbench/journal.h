// The last events, for the page: their capsules as they came, and what a list of them shows.
// Bounded; the oldest go first. Single-threaded.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "capsule/capsule.h"

namespace ferry::workbench {

class Journal {
 public:
  static constexpr std::size_t kMostEvents = 500;
  static constexpr std::size_t kMostBytes = 64u << 20;

  // One line of a worker's channel; `via` is the platform it came through. What isn't a capsule is
  // left out.
  void add(std::string line, std::string_view via);

  // {"events":[…],"first":N}: those behind `after`, oldest first, with what a list shows of each.
  std::string list(std::uint64_t after) const;
  // The capsule as JSON; null if it is gone.
  const std::string* find(std::uint64_t number) const;
  std::uint64_t last() const { return next_ - 1; }

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::string line;
    std::string summary;  // a JSON object
  };
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
};

}  // namespace ferry::workbench
