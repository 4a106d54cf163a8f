#include "serve/notices.h"

#include <algorithm>
#include <climits>

namespace ferry::serve {

void Notices::add(const std::string& text) {
  std::string line = program_ + ": " + text;
  line.resize(std::min<std::size_t>(line.size(), PIPE_BUF - 1));
  waiting_.push_back(std::move(line) + "\n");
  if (waiting_.size() > kMost) waiting_.pop_front();
  step();
}

void Notices::step() {
  while (!waiting_.empty() && output_.try_write(waiting_.front())) waiting_.pop_front();
}

}  // namespace ferry::serve
