// One line on a terminal, written over and over, for work that takes a while; nothing elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace ferry::commands {

class ProgressLine {
 public:
  // Shows nothing during the first `patience`: what is over by then needs no bar.
  explicit ProgressLine(bool quiet, std::chrono::milliseconds patience = {});
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::size_t done, std::size_t all, const std::string& next);

 private:
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point from_;
};

}  // namespace ferry::commands
