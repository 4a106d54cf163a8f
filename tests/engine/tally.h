// What a case of isolation ran and found: told on stderr while it runs for long, and appended to
// the file that FERRY_ISOLATION_REPORT names, a JSON object a line (tests/isolation.py reads it).
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace ferry::engine {

// Events a case: FERRY_ISOLATION_EVENTS, or 2,000.
std::size_t isolation_events();

class Tally {
 public:
  // `of` events are to come.
  Tally(std::string name, std::string engine, std::string way, std::size_t of);
  ~Tally();  // writes the line
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  void event();
  void made_instance() { ++instances_; }
  void skip() { skipped_ = true; }  // nothing is written

 private:
  double seconds() const;

  std::string name_, engine_, way_;
  std::size_t of_;
  std::size_t events_ = 0;
  std::size_t instances_ = 0;
  bool skipped_ = false;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace ferry::engine
