// Text of strangers (a guest's log, names in a module, an answer's headers) on its way to where a
// terminal may read it.
#pragma once

#include <string>
#include <string_view>

namespace ferry {

enum class LineEnds : unsigned char { kEscape, kKeep };

// Control characters (C0, DEL, C1) and those that change the direction of text are written out as
// \x1b or \u202e, so that no text moves a cursor, sets a title or passes for another line. Tabs
// stay; so do line ends where they are kept. Other bytes stay as they are, UTF-8 or not.
std::string escape_controls(std::string_view text, LineEnds line_ends = LineEnds::kEscape);

}  // namespace ferry
