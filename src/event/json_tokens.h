// JSON token by token, however deep, where json_text.h goes over one level at a time. The same
// strict RFC 8259, but that only check_json() looks whether all of it is UTF-8.
#pragma once

#include <bitset>
#include <cstddef>
#include <string_view>

#include "event/json_text.h"

namespace ferry::event {

// Goes once over all of one JSON value, in order and however deep, checking as it goes: what is
// found needs no second look at what it is within. Nothing is allocated. Borrows the text; one
// thread.
class JsonTokens {
 public:
  // White space before the value is skipped; what comes behind it is left alone.
  explicit JsonTokens(std::string_view text) : text_(text) {}

  enum class Token : unsigned char { kScalar, kBegin, kEnd };

  bool next();  // false behind the value, and on an error
  Token token() const { return token_; }
  // With its quotes, of a member of an object (its kBegin, where it is one); else empty.
  std::string_view key() const { return key_; }
  // Of a scalar all of it; else the bracket.
  std::string_view text() const { return part_; }
  // Containers that are open behind the token, itself included where it begins one.
  std::size_t depth() const { return depth_; }

  // Once next() was false: whether the value was whole.
  bool whole() const { return whole_; }
  // Bytes up to the end of the last token.
  std::size_t end() const { return at_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::bitset<kMaxJsonDepth> objects_;  // by depth
  std::size_t depth_ = 0;
  bool begun_ = false;  // the last token began a container
  bool whole_ = false;
  Token token_ = Token::kScalar;
  std::string_view key_;
  std::string_view part_;
};

}  // namespace ferry::event
