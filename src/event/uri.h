// Whether text is a URI, by the grammar of RFC 3986; nothing is resolved or normalised.
#pragma once

#include <string>
#include <string_view>

namespace ferry::event {

bool is_uri_reference(std::string_view text);  // section 4.1; the empty one counts
bool is_absolute_uri(std::string_view text);   // section 4.3: a scheme, and no fragment

// A path as it came, made fit for a URI: bytes that a path (3.3) has no room for, a lone "%" too,
// are percent-encoded; what is encoded already stays.
std::string to_uri_path(std::string_view text);

}  // namespace ferry::event
