// Values that need not be on the command line, where every user of the machine can read them
// (ps, /proc/PID/cmdline): VALUE is itself, @FILE is what the file holds, @@VALUE begins with an @.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ferry::builder {

// One line's end behind a file's text is not part of the value. `option` is for messages.
Result<std::string> value_of(const std::string& text, const std::string& option);

// A file of NAME=VALUE lines, as `docker run --env-file` takes it: empty lines and those that begin
// with '#' are left out, the value goes to the end of the line as it is. kInvalid names the
// line.
using NamedValues = std::vector<std::pair<std::string, std::string>>;
Result<NamedValues> read_env_file(const std::string& path);

}  // namespace ferry::builder
