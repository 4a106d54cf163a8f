// Text within HTML, SVG or XML.
#pragma once

#include <string>
#include <string_view>

namespace ferry {

// Marks as entities, for an element or a quoted attribute. Control characters become spaces, except
// for new lines and tabs: XML 1.0 (2.2) has no way to write most of them.
std::string escape_markup(std::string_view text);

}  // namespace ferry
