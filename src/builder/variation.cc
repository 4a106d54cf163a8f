#include "builder/variation.h"

#include <cctype>
#include <string_view>
#include <vector>

namespace ferry::builder {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && plain(text[end]) == plain(text[begin])) {
      ++end;
    }
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

}  // namespace

std::size_t count_words(std::string_view text) { return words_of(text).size(); }

Result<bool> differ_only_in_what_varies(const std::string& first, const std::string& second,
                                        const TextOfSeed& again) {
  constexpr std::uint64_t kSeeds = 24;
  const auto words = words_of(first);
  const auto others = words_of(second);
  if (words.size() != others.size()) {
    return false;
  }
  std::vector<bool> varies(words.size());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    FERRY_TRY(const std::string text, again(seed));
    const auto now = words_of(text);
    for (std::size_t i = 0; i < words.size(); ++i) {
      varies[i] = varies[i] || i >= now.size() || now[i] != words[i];
    }
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != others[i] && !varies[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace ferry::builder
