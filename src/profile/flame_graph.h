// Samples of stacks, added up into a tree, and its picture: a flame graph (Brendan Gregg's) as one
// SVG file that needs nothing else. A function stands on the one that called it, as wide as the
// share of samples in which it was on the stack.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::profile {

class FlameGraph {
 public:
  // One sample: names from the outermost to the innermost.
  void add(const std::vector<std::string>& stack);

  std::size_t samples() const { return root_.total; }
  // Functions by the samples in which they were innermost, the most first.
  std::vector<std::pair<std::string, std::size_t>> top(std::size_t most) const;

  // `title`: one line. Names may be a stranger's.
  std::string to_svg(std::string_view title) const;

 private:
  struct Node {
    std::size_t total = 0;
    std::map<std::string, Node> callees;
  };

  Node root_;
  std::map<std::string, std::size_t> innermost_;
};

}  // namespace ferry::profile
