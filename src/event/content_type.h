// Media types as datacontenttype and Content-Type write them (RFC 2046; syntax of RFC 2045, 5.1,
// with the white space and empty parameters of RFC 9110, 8.3.1). Pure functions over borrowed text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::event {

struct ContentType {
  std::string_view type;
  std::string_view subtype;
  std::string_view charset;  // empty when not given; quotes taken off
};

std::optional<ContentType> parse_content_type(std::string_view text);

// Whether it may be the attribute datacontenttype.
Status check_content_type(std::string_view text);

// A Content-Type whose only fault is that values of parameters should be in quotes, with the
// quotes: `boundary====17===`, as browsers and libraries write it. Nothing when that is not all.
std::optional<std::string> with_quotes(std::string_view text);

// Names in HTTP: methods, fields (RFC 9110, 5.6.2).
bool is_token(std::string_view text);

// Case-insensitive, ASCII.
bool same_word(std::string_view a, std::string_view b);

// Whether the bytes of a text of this type are UTF-8: no charset named, UTF-8 or US-ASCII.
bool is_utf8_charset(std::string_view charset);

}  // namespace ferry::event
