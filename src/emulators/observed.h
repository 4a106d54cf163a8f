// What a platform's caller can tell of one event, in words that are the same for all platforms:
// an Outcome as it was seen from outside. Emulators make one by undoing their platform's shape;
// `ferry verify` compares them field by field. Plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulators/wire.h"
#include "host/outcome.h"

namespace ferry::platforms {

struct Observed {
  std::string status;       // a name of host::status_row
  std::optional<int> http;  // the HTTP status, where the platform hands one on
  std::string content_type;
  std::string body;   // of one that is ok
  std::string error;  // of one that is not: the message
  // Of a reply that is an event: its attributes in their string form (CloudEvents "Type System"),
  // but datacontenttype, which is content_type.
  std::map<std::string, std::string, std::less<>> attributes;
  // Fields that the function's HTTP answer sets, in lower case; several of a name joined by ", ".
  std::map<std::string, std::string, std::less<>> headers;
  std::optional<std::vector<std::string>> logs;  // the function's; absent: unavailable
  std::vector<std::string> notes;                // ferry's own lines about this event in the log
  bool own_http = false;  // the function answers HTTP itself: status, headers and body are its own
  bool json_rewritten = false;  // JSON bodies come back as the same value in other bytes
};

// As the host knows it: what every platform's must be.
Observed observed_of(const host::Outcome& outcome);

// Undoes what ferry answers over HTTP (docs/serve.md): problem details, events in binary and
// structured mode, replies. For platforms that forward that answer.
Result<Observed> observed_of(const Answer& answer);

// Whether `body` is a problem of ours; then `into` gets its status and error.
bool read_problem(std::string_view body, Observed& into);
// An event that came back: its attributes, data, type.
void take_event(event::Event event, Observed& into);

// Lines of a log, ferry's own included → logs and notes of `into`. Ferry's own are the last ones:
// that the log was cut, and what an outcome is that is not ok.
void take_log(std::vector<std::string> lines, Observed& into);

// "field: one side, other side", of the first field that differs; nothing when none does. What
// either side does not have to tell (http, logs) is not compared.
struct Difference {
  std::string field;
  std::string expected;
  std::string got;
};
std::optional<Difference> first_difference(const Observed& expected, const Observed& got);

}  // namespace ferry::platforms
