// An HTTP request as a person writes one down: in a file for `ferry run`, in a case of `verify`, or
// as a header on the command line.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "emulators/wire.h"

namespace ferry::platforms {

// A request as text: METHOD /path, header lines, an empty line, the body; lines end with LF or
// CRLF. What curl or a browser's tools print is taken too: a version after the path is left out,
// and so are fields that describe framing, which is made anew. Borrows from `text`. kInvalid names
// the line.
Result<WireRequest> parse_request(std::string_view text);
// "Name: value"; `where` begins the error's message.
Result<std::pair<std::string, std::string>> parse_field(std::string_view line,
                                                        const std::string& where);

}  // namespace ferry::platforms
