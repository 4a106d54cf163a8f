// Outcome: the result of one event. The same on every platform; each platform's adapter expresses
// it in the platform's own form (docs/architecture.md, "Outcomes").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "event/event.h"
#include "wasi/network.h"

namespace ferry::host {

enum class Status : unsigned char {
  kOk,
  kFailed,  // exit or return other than 0, or an uncaught panic
  kTrapped,
  kTimeout,
  kOutOfMemory,  // limit reached and not survived
  kOutputTooLarge,
  kDenied,   // a capability that wasn't granted ended it
  kRefused,  // overload or bad input; the function never ran
  kBroken,   // our fault or the engine's
};

struct StatusRow {
  Status status;
  const char* name;  // "out-of-memory"
  int http;          // 500
  int exit_code;     // of `ferry run`
};
// The table, one row a status.
const StatusRow& status_row(Status status);

struct HttpAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // as the function wrote them
  // Behind the body. No platform here passes them on.
  std::vector<std::pair<std::string, std::string>> trailers = {};
};

struct Reply {
  std::string content_type;  // empty when there is no data
  std::string data;
  std::optional<event::Event> event;  // reply = "cloudevent": its data is moved to `data`
  std::optional<HttpAnswer> http;     // reply = "cgi"
};

// Bytes of everything in it that the function wrote.
std::uint64_t size_of(const Reply& reply);
// A function's own lines are kInfo: what they mean, it alone knows.
enum class LogLevel : unsigned char { kInfo, kWarn, kError };

struct LogLine {
  WallTime time;
  std::string text;  // without the line's end; invalid UTF-8 replaced (U+FFFD)
  LogLevel level = LogLevel::kInfo;
};

// Microseconds of wall time by phase.
struct Usage {
  double queue_us = 0;
  double instantiate_us = 0;  // 0 when a kept instance was there
  double run_us = 0;
  double teardown_us = 0;
  std::uint64_t memory_bytes = 0;  // linear memory at the end: its peak, since it never shrinks
  std::optional<std::uint64_t> instructions;
};

struct Outcome {
  Status status = Status::kBroken;
  std::string invocation;  // UUIDv7
  std::string record;  // which of an invocation's several events this is (a message's id); or ""
  Reply reply;         // of kOk only
  std::vector<LogLine> logs;
  bool log_truncated = false;
  std::vector<wasi::ConnectionRecord> connections;  // that it made or tried to make
  Usage usage;
  std::optional<Monotonic> ended;  // the last phase, if the function ran
  int exit_code = 0;               // the guest's, with kFailed and kDenied
  std::string message;             // when not kOk: what happened
  std::string hint;                // and what to do, or empty
  std::string backtrace;           // of a trap, where the engine has one
  bool overload = false;           // kRefused: busy (503) rather than bad input (400)
  bool too_large = false;          // kRefused: more data than limits.input (413)
};

// The HTTP status that says this outcome: the function's own, 204 for an empty reply, 413 for
// too much data, else the table's.
int http_status(const Outcome& outcome);

// An outcome for an event whose function never ran.
Outcome refuse(std::string message, std::string hint, bool overload);

}  // namespace ferry::host
