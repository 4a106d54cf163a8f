#include "json.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace hello {
namespace {

constexpr std::size_t kMaxDepth = 10000;  // that of encoding/json; deeper is invalid there too
constexpr char32_t kReplacement = 0xFFFD;

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// The length of the well-formed UTF-8 sequence that text starts with, or 0 (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; i++) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

bool same_key(std::string_view text, std::string_view key) {
  if (text.size() != key.size()) return false;
  for (std::size_t i = 0; i < key.size(); i++) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != key[i]) return false;
  }
  return true;
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view key, std::string& value)
      : text_(text), key_(key), value_(value) {}

  // Walks the whole text without recursion: a guest's stack is small, and the text a stranger's.
  JsonStatus walk() {
    JsonStatus status = JsonStatus::kOk;
    std::vector<char> closers;  // of each value we are inside of
    bool wanted = false;        // the value ahead is the member looked for
    for (;;) {
      const char first = peek();
      if (closers.empty() && first != '{' && first != 'n') status = JsonStatus::kNotObject;
      if (wanted && first != '"' && first != 'n') status = JsonStatus::kNotString;
      if (first == '{' || first == '[') {
        if (closers.size() == kMaxDepth) return JsonStatus::kInvalid;
        at_++;
        closers.push_back(first == '{' ? '}' : ']');
        if (!take(closers.back())) {
          const std::optional<bool> found = next_is_wanted(closers);
          if (!found) return JsonStatus::kInvalid;
          wanted = *found;
          continue;
        }
        closers.pop_back();
      } else if (!read_scalar(first, wanted ? value_ : scratch_)) {
        return JsonStatus::kInvalid;
      }
      // A value has ended: go on in what it is inside of, which may end with it.
      while (!closers.empty() && take(closers.back())) closers.pop_back();
      if (closers.empty()) {
        skip_space();
        return at_ == text_.size() ? status : JsonStatus::kInvalid;
      }
      if (!take(',')) return JsonStatus::kInvalid;
      const std::optional<bool> found = next_is_wanted(closers);
      if (!found) return JsonStatus::kInvalid;
      wanted = *found;
    }
  }

 private:
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  // What comes next, spaces skipped; 0, which starts nothing in JSON, at the end.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

  bool take(char c) {
    skip_space();
    if (!next_is(c)) return false;
    at_++;
    return true;
  }

  // In an object: reads the key and its colon. Whether the value ahead is the one looked for.
  std::optional<bool> next_is_wanted(const std::vector<char>& closers) {
    if (closers.back() == ']') return false;
    if (!take('"') || !read_string(scratch_) || !take(':')) return std::nullopt;
    return closers.size() == 1 && same_key(scratch_, key_);
  }

  bool read_scalar(char first, std::string& out) {
    switch (first) {
      case '"':
        at_++;
        return read_string(out);
      case 't':
        return skip_word("true");
      case 'f':
        return skip_word("false");
      case 'n':
        return skip_word("null");
      default:
        return skip_number();
    }
  }

  // After the opening quote.
  bool read_string(std::string& out) {
    out.clear();
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\') {
        at_++;
        if (!read_escape(out)) return false;
        continue;
      }
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) {
        append_utf8(out, kReplacement);
        at_++;
      } else {
        out += text_.substr(at_, length);
        at_ += length;
      }
    }
    return at_++ < text_.size();
  }

  bool read_escape(std::string& out) {
    static constexpr std::string_view kEscapes = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    const std::size_t escape = kEscapes.find(c);
    if (escape != std::string_view::npos) {
      out += kMeanings[escape];
      return true;
    }
    const std::optional<char32_t> high = c == 'u' ? hex4(at_) : std::nullopt;
    if (!high) return false;
    at_ += 4;
    char32_t point = *high;
    if (point >= 0xD800 && point <= 0xDFFF) {
      // A pair of surrogates is one code point, a lone one none.
      const std::optional<char32_t> low =
          point < 0xDC00 && text_.substr(at_, 2) == "\\u" ? hex4(at_ + 2) : std::nullopt;
      point = kReplacement;
      if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
        point = 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
        at_ += 6;
      }
    }
    append_utf8(out, point);
    return true;
  }

  std::optional<char32_t> hex4(std::size_t at) const {
    if (text_.size() - at < 4) return std::nullopt;
    char32_t value = 0;
    for (const char c : text_.substr(at, 4)) {
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return std::nullopt;
      value = value * 16 + static_cast<char32_t>(digit);
    }
    return value;
  }

  bool skip_digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') at_++;
    return at_ > start;
  }

  bool skip_number() {
    if (next_is('-')) at_++;
    if (next_is('0')) {
      at_++;
    } else if (!skip_digits()) {
      return false;
    }
    if (next_is('.')) {
      at_++;
      if (!skip_digits()) return false;
    }
    if (next_is('e') || next_is('E')) {
      at_++;
      if (next_is('+') || next_is('-')) at_++;
      return skip_digits();
    }
    return true;
  }

  bool skip_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  std::string_view text_;
  std::string_view key_;
  std::string& value_;
  std::string scratch_;
  std::size_t at_ = 0;
};

}  // namespace

JsonStatus find_string(std::string_view text, std::string_view key, std::string& value) {
  return Reader(text, key, value).walk();
}

std::string escaped(std::string_view text) {
  static constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  static constexpr std::string_view kLetters = "\"\\bfnrt";
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    const std::size_t found = kShort.find(c);
    const std::string_view three = text.substr(i, 3);
    if (found != std::string_view::npos) {
      out += {'\\', kLetters[found]};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += {'\\',
              'u',
              '0',
              '0',
              kHex[static_cast<unsigned>(c) >> 4],
              kHex[static_cast<unsigned>(c) & 15]};
    } else if (three == "\u2028" || three == "\u2029") {
      // Line and paragraph separator end a line in JavaScript.
      out += three == "\u2028" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace hello
