// A capsule: one recorded invocation, enough to have it again elsewhere. The format has a page:
// docs/formats/capsule.md. Plain data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "host/draws.h"
#include "host/recorder.h"

namespace ferry::capsule {

inline constexpr int kVersion = 3;                   // of files that --record writes
inline constexpr int kLineVersion = 2;               // of lines of JSON; 1 is read too
inline constexpr std::size_t kMostLine = 64u << 20;  // bytes of one capsule
// Of a duration: what is more is read as so many tenths of a microsecond, which are written
// exactly.
inline constexpr std::uint64_t kMostTenths = std::uint64_t{1} << 50;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Of an event that is a plain HTTP request: what a guest of wasi:http is given.
struct HttpRequest {
  std::string scheme;
  std::string method;
  std::string authority;
  std::string path;
  Pairs headers;
  bool operator==(const HttpRequest&) const = default;
};

struct HttpAnswer {
  int status = 200;
  Pairs headers;
  bool operator==(const HttpAnswer&) const = default;
};

// What is compared when a capsule is replayed, and the time it took, which is not.
struct Seen {
  std::string status;  // a name of host::status_row
  int exit_code = 0;
  std::string message;
  std::string hint;
  std::string backtrace;
  std::string content_type;
  std::string data;  // of the reply
  std::optional<HttpAnswer> http;
  std::string reply_event;  // CloudEvents JSON without data; empty: the reply is not an event
  std::vector<host::LogLine> logs;
  bool log_truncated = false;
  host::Usage usage;
};

// What all invocations of one loaded function have in common.
struct Origin {
  std::string function;  // its name
  std::string digest;    // "sha256:…"
  std::string abi;
  std::string engine;
  std::string engine_version;
  std::string manifest;               // ferry.toml, as it was in force
  std::string files;                  // digest of those that travel with it; empty: none
  std::vector<std::string> withheld;  // variables that the guest had and that are not here
};

struct Capsule : Origin {
  std::string recorded;    // RFC 3339
  std::string invocation;  // of the outcome
  event::Event event;
  std::optional<HttpRequest> request;
  std::vector<std::string> args;      // behind args[0] and the manifest's
  Pairs variables;                    // that the platform added to the manifest's
  std::vector<std::string> redacted;  // rules of [record] redact by which something was left out
  host::Draws draws;
  std::optional<std::int64_t> deadline;  // nanoseconds on the clock of draws.monotonic
  std::vector<std::string> drew;         // "clock", "random": what the guest itself asked for
  std::vector<std::string> outside;      // "files", "network": what it reached and is not here
  std::string denied;                    // the last thing refused for lack of a grant
  Seen result;
};

Origin origin_of(const host::Loaded& function, const engine::Info& engine);
// As it happened, without what the function's [record] redact names.
Capsule capsule_of(const host::Recorded& recorded);
Seen result_of(const host::Outcome& outcome);

// One whole line without its end; kInvalid where the event cannot be written as JSON.
Result<std::string> to_line(const Capsule& capsule);

// Of a whole line. kUnsupported for a version that is not ours; kInvalid says what is wrong.
Result<Capsule> parse_capsule(std::string_view line);

// All capsules of a file, of entries or of lines of JSON. The error says where in it. What comes
// behind the last whole one (a process that was killed as it wrote) is left out, and `cut` then
// says so.
Result<std::vector<Capsule>> parse_capsules(std::string_view text, std::string_view name,
                                            bool* cut);

// Those of a file, or of all files in a folder that are named *.capsules, by name. `notes` gets
// what its reader should hear: a file that holds none, or whose last one is not whole.
Result<std::vector<Capsule>> read_capsules(const std::string& path,
                                           std::vector<std::string>& notes);

// The first fields that differ, as "field", "recorded", "now".
struct Difference {
  std::string field;
  std::string recorded;
  std::string now;
};
// `same_messages`: messages of traps are compared too (engines word them differently).
std::vector<Difference> differences(const Seen& recorded, const Seen& now, bool same_messages);

}  // namespace ferry::capsule
