// JSON as text: checks that bytes are one well-formed value and finds where its parts lie, without
// building a tree, so that what passes through us keeps its digits and its order exactly.
//
// Strict RFC 8259, UTF-8 only, no byte order mark; nesting is bounded by kMaxJsonDepth. Surrogate
// escapes are checked only where a string is decoded. Pure functions; views into the given text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::event {

inline constexpr std::size_t kMaxJsonDepth = 512;

// Whether the text is exactly one JSON value, white space around it allowed. The error names the
// byte where it stops being one.
Status check_json(std::string_view text);

enum class JsonKind : unsigned char { kNull, kBool, kNumber, kString, kArray, kObject };
JsonKind kind_of(std::string_view value);  // `value` as a JsonWalker gives it

// Walks the members of one object, or the elements of one array, in order. The text must have
// passed check_json(), must outlive the walker, and must be an object or an array.
class JsonWalker {
 public:
  explicit JsonWalker(std::string_view text);
  // False at the end.
  bool next();
  std::string_view key() const { return key_; }      // with its quotes; objects only
  std::string_view value() const { return value_; }  // the exact text, no white space around it

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool object_ = false;
  std::string_view key_;
  std::string_view value_;
};

// The characters of a JSON string, quotes given, as UTF-8. Fails on unpaired surrogates. The
// string must be part of a text that passed check_json().
Result<std::string> decode_json_string(std::string_view quoted);

// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ferry::event
