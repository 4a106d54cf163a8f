// OpenWhisk's shape undone: docs/openwhisk.md says how a reply is encoded; this decodes it.
#pragma once

#include "emulators/observed.h"

namespace ferry::platforms::openwhisk {

// The result of an activation, JSON as /run answers it. kInvalid when no adapter of ours says so.
Result<Observed> observed_result(std::string_view result);

// The answer of /run: its status too.
Result<Observed> observed_run(const Answer& answer);

// What the client of a web action is answered: of an activation's result, {"statusCode", "headers",
// "body"}, under "error" or not.
Result<Answer> web_answer_of(std::string_view result);

// What the container wrote for one activation, both streams with their sentinels, exactly one each
// and at the end.
Status take_streams(std::string_view out, std::string_view err, Observed& into);

// Emulation::lose.
std::string lose(Observed& expected);

}  // namespace ferry::platforms::openwhisk
