// JSON as text: checks that bytes are well-formed and finds where their parts lie, without
// building a tree, so that what passes through us keeps its digits and its order exactly.
//
// Strict RFC 8259, UTF-8 only, no byte order mark; nesting is bounded by kMaxJsonDepth. Surrogate
// escapes are checked only where a string is decoded. Allocates only when decoding escapes or
// reporting errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::event {

inline constexpr std::size_t kMaxJsonDepth = 512;

// Of UTF-8. No part of a JSON text; readers of what comes from outside may skip it (8.1).
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Whether the text is exactly one JSON value, white space around it allowed. The error names the
// byte where it stops being one.
Status check_json(std::string_view text);

// Of JSON, the same without the white space between its parts: one line, each number digit for
// digit.
std::string compact_json(std::string_view text);

enum class JsonKind : unsigned char { kNull, kBool, kNumber, kString, kArray, kObject };
JsonKind kind_of(std::string_view value);  // of a value as JsonWalker gives it

// Goes once over an object's members or an array's elements, in order, checking as it goes. Text
// not yet walked is not yet checked: nothing seen counts before finish() says ok. Borrows the
// text; one thread.
class JsonWalker {
 public:
  // `container` is what the text has to be: kObject or kArray.
  JsonWalker(std::string_view text, JsonKind container);

  bool next();                                       // false at the end, and on an error
  std::string_view key() const { return key_; }      // with its quotes; of objects only
  std::string_view value() const { return value_; }  // the exact text, no white space around it

  // Once next() was false: whether the whole text was what it had to be.
  Status finish() const;

 private:
  bool fail(const char* reason);

  std::string_view text_;
  std::size_t at_ = 0;
  bool object_;
  bool first_ = true;
  bool done_ = false;
  bool ascii_ = true;
  const char* reason_ = nullptr;
  std::string_view key_;
  std::string_view value_;
};

// The characters of a JSON string, quotes given, as JsonWalker gives it; UTF-8 when the whole text
// is. Fails on unpaired surrogates.
Result<std::string> decode_json_string(std::string_view quoted);

// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

}  // namespace ferry::event
