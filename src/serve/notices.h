// A supervisor's lines for people, on stderr. It must not wait for their reader, so that
// lines which cannot be written at once wait for the next step. Used by one thread.
#pragma once

#include <deque>
#include <string>

#include "serve/line_output.h"

namespace ferry::serve {

class Notices {
 public:
  static constexpr std::size_t kMost = 100;  // lines that wait; the oldest are lost first

  Notices(LineOutput& output, std::string program)
      : output_(output), program_(std::move(program)) {}

  void add(const std::string& text);  // without "program: " and line end
  void step();                        // writes what can be written now

 private:
  LineOutput& output_;
  const std::string program_;
  std::deque<std::string> waiting_;
};

}  // namespace ferry::serve
