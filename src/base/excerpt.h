// Where two long texts begin to differ, for messages.
#pragma once

#include <string>
#include <string_view>

namespace ferry {

// The part of a text around its first difference from the other, control characters written out.
std::string excerpt(std::string_view text, std::string_view other);

}  // namespace ferry
