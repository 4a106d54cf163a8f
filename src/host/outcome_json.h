// An Outcome as the one line of JSON that `--output json` prints; docs/formats/outcome.md.
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

std::string to_json(const Outcome& outcome, const OutcomeOf& of);

// RFC 9457 problem details of an outcome that is not ok: what HTTP platforms answer.
// {"type", "title", "status", "detail", "hint", "outcome", "invocation", "digest"}
inline constexpr char kProblemType[] = "application/problem+json";
std::string to_problem(const Outcome& outcome, int http_status, const std::string& digest);

// One log line as JSON: {"time", "level", "invocation", "digest", "function", "stream", "text"}.
std::string log_to_json(const LogLine& line, const Outcome& outcome, const OutcomeOf& of);

}  // namespace ferry::host
