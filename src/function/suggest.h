// "did you mean …?": the known word nearest to one that isn't known.
#pragma once

#include <span>
#include <string_view>

namespace ferry::function {

// The nearest by edits (a swap of neighbours counts one), or "" when `known` is empty.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// The nearest where it is near: at most a third of the word has to be changed, two letters at least
// may be. Else "".
std::string_view near_enough(std::string_view word, std::span<const std::string_view> known);

}  // namespace ferry::function
