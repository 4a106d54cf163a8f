#include "function/suggest.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ferry::function {
namespace {

// Longer words are compared by their beginnings.
constexpr std::size_t kMostCompared = 40;
using Row = std::array<std::size_t, kMostCompared + 1>;

// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kMostCompared);
  b = b.substr(0, kMostCompared);
  Row before{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t least = SIZE_MAX;
  for (std::string_view candidate : known) {
    std::size_t edits = distance(word, candidate);
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

std::string_view near_enough(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view best = nearest(word, known);
  const std::size_t allowed = std::max<std::size_t>(2, word.size() / 3);
  return distance(word, best) <= allowed && distance(word, best) < best.size() ? best
                                                                               : std::string_view();
}

}  // namespace ferry::function
