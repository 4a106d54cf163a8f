// ASCII letters in lower case: names of header fields, media types and hosts are compared so
// (RFC 9110, 5.1). Bytes beyond ASCII are left alone.
#pragma once

#include <string>
#include <string_view>

namespace ferry {

std::string lower_case(std::string_view text);

}  // namespace ferry
