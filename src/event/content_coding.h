// Content codings (RFC 9110, 8.4): undoes the compression that a sender applied to a body. Bounded,
// since a few kilobytes can say gigabytes. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "event/http.h"

namespace ferry::event {

enum class Coding : unsigned char { kGzip, kDeflate };

// gzip: RFC 1952, one member or more. deflate: zlib's form (RFC 1950), or without its wrapper, as
// some senders have it (RFC 9110, 8.4.1.2). kLimit past `limit` bytes, kInvalid for what is not in
// this form, is cut off, or has something behind it.
Result<std::string> unpack(ByteView bytes, Coding coding, std::uint64_t limit);

// A body without the codings that the value of Content-Encoding lists, of which the last was
// applied last. kUnsupported for one that is unknown here, or more than two.
Result<std::string> decode_content(std::string_view codings, std::string body, std::uint64_t limit);

// The same of a request: its body without what its Content-Encoding fields list. `kept` is where
// its other headers stand then.
Status decode_content(HttpRequest& request, std::vector<HeaderView>& kept, std::uint64_t limit);

// What decode_content() knows, as Accept-Encoding says it (RFC 9110, 15.5.16).
inline constexpr std::string_view kKnownCodings = "gzip, deflate";

}  // namespace ferry::event
