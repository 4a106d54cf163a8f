// An event's attributes as environment variables: what a function that reads its data from stdin
// gets of the event.
#pragma once

#include <string>
#include <vector>

#include "event/event.h"

namespace ferry::event {

// "CE_ID=…", "CE_SOURCE=…", "CE_TYPE=…", "CE_SPECVERSION=1.0", then those present of CE_SUBJECT,
// CE_TIME, CE_DATACONTENTTYPE, CE_DATASCHEMA, then each extension as CE_ and its name in upper
// case. A valid event has no NUL byte in any of them; a variable that would have one is left out.
std::vector<std::string> environment(const Event& event);

// Of entries of one name the last: a program finds one of several, and which one it is depends on
// its library. Keeps the order of those that stay.
void keep_last_of_each(std::vector<std::string>& entries);

}  // namespace ferry::event
