#include "capsule/left_out.h"

#include <algorithm>

#include "event/json_tokens.h"

namespace ferry::capsule {
namespace {

using event::JsonTokens;

constexpr std::size_t kPiece = 64;  // bytes; the last of a value has up to 3 more

std::size_t begin_of(const char* text) {
  const auto byte = [&](std::size_t at) {
    return std::size_t{static_cast<unsigned char>(text[at])};
  };
  return (byte(0) ^ byte(1) << 2 ^ byte(2) << 4) % 4096;
}

bool may_be_json(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && (text[begin] == '{' || text[begin] == '[');
}

}  // namespace

void LeftOut::clear() {
  if (pieces_.empty()) return;
  pieces_ = {};
  begins_.reset();
}

void LeftOut::add(std::string_view value) {
  if (value.size() < kLeast || value == kRedacted) return;
  while (value.size() >= kPiece + kLeast) {
    pieces_.emplace_back(value.substr(0, kPiece));
    value.remove_prefix(kPiece);
  }
  pieces_.emplace_back(value);
}

void LeftOut::seal() {
  if (pieces_.empty()) return;
  std::ranges::sort(pieces_);
  const auto same = std::ranges::unique(pieces_);
  pieces_.erase(same.begin(), same.end());
  for (const std::string& piece : pieces_) begins_[begin_of(piece.data())] = true;
}

// Bytes of the longest piece that the text begins with; 0: none.
std::size_t LeftOut::longest_at(std::string_view text) const {
  if (text.size() < kLeast || !begins_[begin_of(text.data())]) return 0;
  std::size_t longest = 0;
  // Those whose first `same` bytes are the text's; one that is no longer than that comes first.
  std::span<const std::string> left(pieces_);
  for (std::size_t same = 0; !left.empty(); ++same) {
    if (left.front().size() == same) {
      longest = same;
      left = left.subspan(1);
    }
    if (same == text.size()) break;
    const auto byte = [same](const std::string& piece) {
      return static_cast<unsigned char>(piece[same]);
    };
    const auto found =
        std::ranges::equal_range(left, static_cast<unsigned char>(text[same]), {}, byte);
    left = {found.begin(), found.end()};
  }
  return longest;
}

std::vector<LeftOut::Hit> LeftOut::hits(std::string_view text) const {
  std::vector<Hit> out;
  if (pieces_.empty()) return out;
  for (std::size_t at = 0; at + kLeast <= text.size(); ++at) {
    const std::size_t size = longest_at(text.substr(at));
    if (size == 0) continue;
    if (!out.empty() && out.back().end >= at) {
      out.back().end = std::max(out.back().end, at + size);
    } else {
      out.push_back({at, at + size});
    }
  }
  return out;
}

std::optional<std::string> LeftOut::without_in_text(std::string_view text) const {
  const std::vector<Hit> all = hits(text);
  if (all.empty()) return std::nullopt;
  std::string out;
  std::size_t at = 0;
  for (const Hit& hit : all) {
    out.append(text, at, hit.begin - at).append(kRedacted);
    at = hit.end;
  }
  return out.append(text, at);
}

std::optional<std::string> LeftOut::without_in_json(std::string_view text,
                                                    std::span<const Hit> hits) const {
  std::string out;
  std::size_t at = 0;  // what is before it is in `out`
  std::size_t hit = 0;
  bool across = false;  // a value that is more than one token
  const auto token = [&](std::string_view part) {
    const auto begin = static_cast<std::size_t>(part.data() - text.data());
    const std::size_t end = begin + part.size();
    bool here = false;
    for (; hit < hits.size() && hits[hit].begin < end; ++hit) {
      here = true;
      across = across || hits[hit].begin < begin || hits[hit].end > end;
    }
    std::optional<std::string> instead;
    if (part.front() == '"') {
      const std::string_view inner = part.substr(1, part.size() - 2);
      const bool escapes = inner.find('\\') != std::string_view::npos;
      if (!here && !escapes) return;
      const auto meant = event::decode_json_string(part);
      if (meant.ok()) {
        instead = without_in_text(*meant);
      } else if (here) {
        instead = kRedacted;
      }
      if (!instead && here) instead = kRedacted;  // of its escapes
    } else if (here) {
      instead = kRedacted;
    }
    if (!instead) return;
    std::string quoted = event::json_string(*instead);
    // What its escapes spell by chance, too.
    if (!this->hits(quoted).empty()) quoted = event::json_string(kRedacted);
    out.append(text, at, begin - at).append(quoted);
    at = end;
  };
  JsonTokens tokens(text);
  while (tokens.next()) {
    if (!tokens.key().empty()) token(tokens.key());
    if (tokens.token() == JsonTokens::Token::kScalar) token(tokens.text());
  }
  if (!tokens.whole() ||
      text.find_first_not_of(" \t\r\n", tokens.end()) != std::string_view::npos) {
    return std::nullopt;
  }
  if (across || hit < hits.size()) return event::json_string(kRedacted);
  return out.append(text, at);
}

std::optional<std::string> LeftOut::without(std::string_view text) const {
  if (pieces_.empty()) return std::nullopt;
  if (!may_be_json(text)) return without_in_text(text);
  const std::vector<Hit> all = hits(text);
  if (all.empty() && text.find('\\') == std::string_view::npos) return std::nullopt;
  if (auto out = without_in_json(text, all)) {
    return *out == text ? std::nullopt : std::move(out);
  }
  return without_in_text(text);
}

}  // namespace ferry::capsule
