#include "event/json_text.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/json_tokens.h"

namespace ferry::event {
namespace {

// Of the next eight bytes of a string, how many are before the first that needs a closer look (a
// control character, a quote, a backslash, a byte beyond ASCII).
std::size_t plain_of_8(const char* p) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = kOnes * 0x80;
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  std::uint64_t quote = word ^ kOnes * '"';
  std::uint64_t slash = word ^ kOnes * '\\';
  // A byte that is found lends from the next, which may then be found for nothing: the first is
  // right even so.
  std::uint64_t found =
      word | (word - kOnes * 0x20) | ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash);
  return static_cast<std::size_t>(std::countr_zero(found & kHighs)) / 8;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Reads JSON from a position on. Every take_…() leaves `at` behind what it took, or returns why
// not, with `at` at the culprit.
struct Scanner {
  std::string_view text;
  std::size_t at = 0;
  bool ascii = true;

  bool ended() const { return at >= text.size(); }
  char peek() const { return ended() ? '\0' : text[at]; }
  bool take(char c) {
    bool there = !ended() && text[at] == c;
    at += there ? 1 : 0;
    return there;
  }
  void skip_space() {
    while (!ended() &&
           (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
      ++at;
    }
  }

  const char* take_escape() {
    ++at;
    if (ended()) return "the text ends inside a string";
    if (text[at] != 'u') {
      if (std::strchr("\"\\/bfnrt", text[at]) == nullptr || text[at] == '\0') {
        return "no such escape in a string";
      }
      ++at;
      return nullptr;
    }
    ++at;
    for (int i = 0; i < 4; ++i, ++at) {
      if (ended() || !is_hex(text[at])) return "\\u without four hexadecimal digits";
    }
    return nullptr;
  }

  const char* take_string() {
    ++at;
    for (;;) {
      for (std::size_t plain = 8; plain == 8 && text.size() - at >= 8;) {
        plain = plain_of_8(text.data() + at);
        at += plain;
      }
      if (ended()) return "the text ends inside a string";
      auto c = static_cast<unsigned char>(text[at]);
      if (c == '"') {
        ++at;
        return nullptr;
      }
      if (c == '\\') {
        if (const char* reason = take_escape()) return reason;
        continue;
      }
      if (c < 0x20) return "a control character in a string";
      ascii = ascii && c < 0x80;
      ++at;
    }
  }

  const char* take_digits() {
    if (!is_digit(peek())) return "a digit is missing";
    while (is_digit(peek())) ++at;
    return nullptr;
  }

  const char* take_number() {
    take('-');
    if (!take('0')) {
      if (const char* reason = take_digits()) return reason;
    }
    if (take('.')) {
      if (const char* reason = take_digits()) return reason;
    }
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return take_digits();
    }
    return nullptr;
  }

  const char* take_word(std::string_view word) {
    if (text.substr(at, word.size()) != word) return "no JSON value";
    at += word.size();
    return nullptr;
  }

  const char* take_scalar() {
    switch (peek()) {
      case '"':
        return take_string();
      case 't':
        return take_word("true");
      case 'f':
        return take_word("false");
      case 'n':
        return take_word("null");
      default:
        if (ended()) return "the text ends where a value has to stand";
        if (peek() != '-' && !is_digit(peek())) return "no JSON value";
        return take_number();
    }
  }

  const char* take_key() {
    skip_space();
    if (peek() != '"') return "a member's name has to be a string";
    if (const char* reason = take_string()) return reason;
    skip_space();
    return take(':') ? nullptr : "':' is missing after a member's name";
  }

  // One whole value; no recursion, so that nesting costs a bit a level and no stack.
  const char* take_value() {
    std::bitset<kMaxJsonDepth> objects;
    std::size_t depth = 0;
    for (;;) {
      skip_space();
      bool closed = true;
      if (char c = peek(); c == '{' || c == '[') {
        if (depth == kMaxJsonDepth) return "nested too deeply";
        ++at;
        objects[depth++] = c == '{';
        skip_space();
        closed = take(c == '{' ? '}' : ']');
        if (closed) {
          --depth;
        } else if (c == '{') {
          if (const char* reason = take_key()) return reason;
        }
      } else if (const char* reason = take_scalar()) {
        return reason;
      }
      while (closed) {
        if (depth == 0) return nullptr;
        skip_space();
        bool object = objects[depth - 1];
        if (take(',')) {
          if (object) {
            if (const char* reason = take_key()) return reason;
          }
          closed = false;
        } else if (take(object ? '}' : ']')) {
          --depth;
        } else {
          return object ? "',' or '}' is missing" : "',' or ']' is missing";
        }
      }
    }
  }
};

Error not_json(const char* reason, std::size_t at) {
  return Error{Code::kInvalid, fmt::format("not JSON at byte {}: {} (RFC 8259)", at, reason), ""};
}

void append_utf8(std::string& out, std::uint32_t point) {
  auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// The four digits at `at`; the scanner saw that they are there.
std::uint32_t hex4(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  for (char c : text.substr(at, 4)) {
    value = value << 4 | static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

}  // namespace

Status check_json(std::string_view text) {
  Scanner scanner{text};
  const char* reason = scanner.take_value();
  if (reason == nullptr) {
    scanner.skip_space();
    if (!scanner.ended()) reason = "more text after the value";
  }
  if (reason != nullptr) return not_json(reason, scanner.at);
  if (!scanner.ascii && !is_utf8(text)) return not_json("not UTF-8", 0);
  return Done{};
}

std::string compact_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  bool escaped = false;
  for (char c : text) {
    if (in_string) {
      in_string = escaped || c != '"';
      escaped = !escaped && c == '\\';
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      continue;
    } else {
      in_string = c == '"';
    }
    out.push_back(c);
  }
  return out;
}

JsonKind kind_of(std::string_view value) {
  switch (value.empty() ? '\0' : value.front()) {
    case 'n':
      return JsonKind::kNull;
    case 't':
    case 'f':
      return JsonKind::kBool;
    case '"':
      return JsonKind::kString;
    case '[':
      return JsonKind::kArray;
    case '{':
      return JsonKind::kObject;
    default:
      return JsonKind::kNumber;
  }
}

JsonWalker::JsonWalker(std::string_view text, JsonKind container)
    : text_(text), object_(container == JsonKind::kObject) {}

bool JsonWalker::fail(const char* reason) {
  reason_ = reason;
  done_ = true;
  return false;
}

bool JsonWalker::next() {
  if (done_) return false;
  Scanner scanner{text_, at_, ascii_};
  auto stop = [&](const char* reason) {
    at_ = scanner.at;
    return fail(reason);
  };
  char closer = object_ ? '}' : ']';
  scanner.skip_space();
  if (first_ && !scanner.take(object_ ? '{' : '[')) {
    return stop(object_ ? "an object is wanted" : "an array is wanted");
  }
  scanner.skip_space();
  if (scanner.take(closer)) {
    scanner.skip_space();
    done_ = true;
    return scanner.ended() ? false : stop("more text after the value");
  }
  if (!first_ && !scanner.take(',')) {
    return stop(object_ ? "',' or '}' is missing" : "',' or ']' is missing");
  }
  first_ = false;
  if (object_) {
    scanner.skip_space();
    std::size_t start = scanner.at;
    if (const char* reason = scanner.take_key()) return stop(reason);
    std::string_view key = text_.substr(start, scanner.at - start);
    key_ = key.substr(0, key.rfind('"') + 1);
  }
  scanner.skip_space();
  std::size_t start = scanner.at;
  if (const char* reason = scanner.take_value()) return stop(reason);
  value_ = text_.substr(start, scanner.at - start);
  at_ = scanner.at;
  ascii_ = scanner.ascii;
  return true;
}

Status JsonWalker::finish() const {
  if (reason_ != nullptr) return not_json(reason_, at_);
  if (!done_) return not_json("not read to its end", at_);
  if (!ascii_ && !is_utf8(text_)) return not_json("not UTF-8", 0);
  return Done{};
}

bool JsonTokens::next() {
  if (whole_) return false;
  Scanner scanner{text_, at_};
  scanner.skip_space();
  key_ = {};
  if (depth_ > 0) {
    const bool object = objects_[depth_ - 1];
    if (scanner.take(object ? '}' : ']')) {
      --depth_;
      token_ = Token::kEnd;
      part_ = text_.substr(scanner.at - 1, 1);
      at_ = scanner.at;
      begun_ = false;
      whole_ = depth_ == 0;
      return true;
    }
    if (!begun_ && !scanner.take(',')) return false;
    if (object) {
      scanner.skip_space();
      const std::size_t start = scanner.at;
      if (scanner.take_key() != nullptr) return false;
      key_ = text_.substr(start, scanner.at - start);
      key_ = key_.substr(0, key_.rfind('"') + 1);
    }
    scanner.skip_space();
  }
  const std::size_t start = scanner.at;
  const char first = scanner.peek();
  begun_ = first == '{' || first == '[';
  if (begun_) {
    if (depth_ == kMaxJsonDepth) return false;
    objects_[depth_++] = first == '{';
    ++scanner.at;
    token_ = Token::kBegin;
  } else {
    if (scanner.take_scalar() != nullptr) return false;
    token_ = Token::kScalar;
    whole_ = depth_ == 0;
  }
  at_ = scanner.at;
  part_ = text_.substr(start, at_ - start);
  return true;
}

Result<std::string> decode_json_string(std::string_view quoted) {
  std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::size_t at = text.find('\\');
  std::string out(text.substr(0, at));
  while (at < text.size()) {
    if (text[at] != '\\') {
      std::size_t end = std::min(text.find('\\', at), text.size());
      out.append(text, at, end - at);
      at = end;
      continue;
    }
    static constexpr std::string_view kShort = "\"\\/bfnrt";
    if (char c = text[at + 1]; c != 'u') {
      out.push_back("\"\\/\b\f\n\r\t"[kShort.find(c)]);
      at += 2;
      continue;
    }
    std::uint32_t point = hex4(text, at + 2);
    at += 6;
    if (point >= 0xD800 && point <= 0xDBFF && text.substr(at, 2) == "\\u") {
      std::uint32_t low = hex4(text, at + 2);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      }
    }
    if (point >= 0xD800 && point <= 0xDFFF) {
      return Error{Code::kInvalid, "an unpaired surrogate in a JSON string", ""};
    }
    append_utf8(out, point);
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (std::size_t plain = 8; plain == 8 && text.size() - at >= 8;) {
      plain = plain_of_8(text.data() + at);
      at += plain;
    }
    if (at == text.size()) break;
    auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, start, at - start);
    start = at + 1;
    static constexpr std::string_view kRaw = "\"\\\b\f\n\r\t";
    if (std::size_t i = kRaw.find(text[at]); i != std::string_view::npos) {
      out.push_back('\\');
      out.push_back("\"\\bfnrt"[i]);
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text, start);
  out.push_back('"');
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace ferry::event
