// Whether two texts differ only where the same function's texts differ anyway, from one seed of
// time and randomness to the next.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace ferry::builder {

// The function's text under a seed other than that of the texts compared.
using TextOfSeed = std::function<Result<std::string>(std::uint64_t seed)>;

// How many runs of letters and digits, and of what is between them, a text has.
std::size_t count_words(std::string_view text);

// Whether every word in which the two differ also differs from seed to seed. False where the texts
// have different numbers of words: then they cannot be matched. Requests seeds 1 to 24.
Result<bool> differ_only_in_what_varies(const std::string& first, const std::string& second,
                                        const TextOfSeed& again);

}  // namespace ferry::builder
