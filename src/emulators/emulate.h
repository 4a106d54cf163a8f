// What emulators of platforms that are sent CloudEvents over HTTP have in common.
#pragma once

#include "emulators/log_tap.h"
#include "emulators/observed.h"
#include "event/http.h"

namespace ferry::platforms {

// The event in binary mode, or in structured mode where binary would lose something: the type of
// an attribute, that there are data but no bytes of them.
Result<event::HttpMessage> http_message_of(const event::Event& event);
// That message as the POST of a request.
WireRequest post_of(const event::HttpMessage& message, std::string path = "/");

// A request as text: METHOD /path, header lines, an empty line, the body; lines end with LF or
// CRLF. What curl or a browser's tools print is taken too: a version after the path is left out,
// and so are fields that describe framing, which is made anew. Borrows from `text`. kInvalid names
// the line.
Result<WireRequest> parse_request(std::string_view text);
// "Name: value"; `where` begins the error's message.
Result<std::pair<std::string, std::string>> parse_field(std::string_view line,
                                                        const std::string& where);

// The lines of one event, in LogWriter's JSON, off the tap; nothing when `log` is null.
Status observe_json_log(LogTap* log, Observed& into);

}  // namespace ferry::platforms
