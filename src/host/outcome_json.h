// An Outcome as JSON, for its two readers. Operators get all of it (to_json). Clients get what the
// function replied, or problem details (to_answer, to_problem), and never what it logged, where it
// trapped, how long it took or which engine ran it.
#pragma once

#include <string>

#include "engine/engine.h"
#include "host/outcome.h"
#include "wasm/binary.h"

namespace ferry::host {

// Whose outcome it is.
struct OutcomeOf {
  std::string name;
  std::string digest;
  wasm::Abi abi = wasm::Abi::kNone;
  std::string engine_name;
  std::string engine_version;
};

// The one line that `--output json` prints; docs/formats/outcome.md.
std::string to_json(const Outcome& outcome, const OutcomeOf& of);

// RFC 9457 problem details of an outcome that is not ok: what HTTP platforms answer.
// {"type", "title", "status", "detail", "hint", "outcome", "invocation", "digest"}
inline constexpr char kProblemType[] = "application/problem+json";
std::string to_problem(const Outcome& outcome, int http_status, const std::string& digest);

// The answer to one event of several in a request: to_problem(), or, when it is ok,
// {"outcome", "invocation", "status", "reply"} with the reply as in to_json().
std::string to_answer(const Outcome& outcome, const std::string& digest);

// The event that a reply is, with its data, in CloudEvents' JSON; "null" where that cannot be.
std::string event_of_reply(const Reply& reply);

// One log line as JSON: {"time", "level", "invocation", "digest", "function", "stream", "text"},
// and "record" where the invocation has several events.
std::string log_to_json(const LogLine& line, const Outcome& outcome, const OutcomeOf& of);

}  // namespace ferry::host
