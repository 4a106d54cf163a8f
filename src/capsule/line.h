// Capsules as lines of JSON; private to src/capsule.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "capsule/capsule.h"

namespace ferry::capsule {

// The members that are the same for all invocations of a loaded function, without braces.
std::string origin_members(const Origin& origin);
// Of an object that has them.
Result<Origin> parse_origin(std::string_view json);

// As it is where it is UTF-8; else with '?' for every byte that is not ASCII.
std::string readable(std::string_view text);

// The attributes of a reply that is an event, in the words of the reader of capsules, which
// compares it as text.
std::string reply_event_text(const event::Event& event);
// The same of an object of JSON; nothing where the text is none.
std::optional<std::string> same_reply_event(std::string_view json);

}  // namespace ferry::capsule
