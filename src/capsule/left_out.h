// Values that were left out of an event, sought wherever else they stand. Private to src/capsule.
#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::capsule {

// What stands in the place of what was left out.
inline constexpr char kRedacted[] = "[redacted]";

// Of one event after the other; one thread. The time that a search takes grows with the text and
// hardly with the number of values or their length: both come from strangers.
class LeftOut {
 public:
  // A shorter value stands in any text by chance: it is forgotten.
  static constexpr std::size_t kLeast = 4;

  void clear();
  void add(std::string_view value);
  // Ends the adding.
  void seal();
  bool empty() const { return pieces_.empty(); }

  // The text with kRedacted in the place of each value; nothing where none is in it. Of JSON
  // strings and numbers are replaced, so that it stays JSON; strings are compared as what they
  // mean.
  std::optional<std::string> without(std::string_view text) const;

 private:
  struct Hit {  // values that overlap or follow each other are one
    std::size_t begin;
    std::size_t end;
  };

  std::size_t longest_at(std::string_view text) const;
  std::vector<Hit> hits(std::string_view text) const;
  std::optional<std::string> without_in_text(std::string_view text) const;
  // Nothing where it is not JSON.
  std::optional<std::string> without_in_json(std::string_view text,
                                             std::span<const Hit> hits) const;

  // A long value is cut into pieces, each of which is sought by itself. Once sealed, by byte.
  std::vector<std::string> pieces_;
  std::bitset<4096> begins_;  // by a hash of the first bytes of a piece
};

}  // namespace ferry::capsule
