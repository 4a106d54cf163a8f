// Leaves out of a capsule what [record] redact names (function/redaction.h), before anyone sees it.
#pragma once

#include <span>

#include "capsule/capsule.h"
#include "function/redaction.h"

namespace ferry::capsule {

// What stands in the place of what was left out.
inline constexpr char kRedacted[] = "[redacted]";

// Paths are looked for in the event's data and in the reply, where these are JSON; headers in the
// request, the answer, the event's attributes, and the members `headers` and `multiValueHeaders` of
// data, as platforms send requests. Other bytes stay as they are, digit for digit. A string or a
// number of at least 4 characters that was left out is then left out wherever else it stands: in
// the log, in messages, in the path, in variables. Notes in `redacted` which rules found something.
void redact(Capsule& capsule, std::span<const function::Redaction> rules);

}  // namespace ferry::capsule
