// Capsules as lines of JSON, written from what happened without a copy in between; private to
// src/capsule. A line is its head, its origin or the number of a line before it that has the same,
// and its body: kHead + origin_members() + "," + body + "}".
#pragma once

#include <string>
#include <string_view>

#include "capsule/capsule.h"

namespace ferry::capsule {

// The members that are the same for all invocations of a loaded function, without braces.
std::string origin_members(const Origin& origin);

// Appends all other members, without braces. kInvalid where the event cannot be written as JSON;
// what was appended by then is to be cut off.
Status append_body(std::string& out, const Capsule& capsule);
// Of a function without [record] redact: nothing is left out.
Status append_body(std::string& out, const host::Recorded& recorded);

// Begins a line: all of its origin, to which lines behind it may refer by `number` (0: none does) …
void append_head(std::string& out, std::string_view origin, std::uint64_t number);
// … or a reference to the last line before it with this number.
void append_head_like(std::string& out, std::uint64_t number);

// "clock", "random" and "files", "network": Capsule::drew and ::outside.
std::vector<std::string> drew(const host::Witness& witness);
std::vector<std::string> outside(const host::Witness& witness);

// The attributes of a reply that is an event, in the words of the reader of capsules, which
// compares it as text.
std::string reply_event_text(const event::Event& event);

}  // namespace ferry::capsule
