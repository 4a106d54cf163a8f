// A case: one event (or one platform's native input), and the expected outcome. Read from files
// that people write (docs/formats/cases.md), generated, or recorded. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulators/observed.h"
#include "event/event.h"
#include "function/limits.h"
#include "verify/upstream.h"

namespace ferry::capsule {
struct Capsule;
}

namespace ferry::verify {

// What a case says must come; what is absent may be anything, but the same everywhere.
struct Expected {
  std::optional<std::string> status;
  std::optional<int> http;
  std::optional<std::string> content_type;
  std::optional<std::string> body;
  std::optional<std::string> error;
  std::optional<std::vector<std::string>> log;
  std::map<std::string, std::string, std::less<>> attributes;  // those named, of a reply event
  std::map<std::string, std::string, std::less<>> headers;     // those named, of an HTTP answer
  bool operator==(const Expected&) const = default;
};

struct Native {
  std::string platform;
  std::string input;
  std::optional<std::string> answer;  // the platform's native answer, byte for byte
  bool operator==(const Native&) const = default;
};

// Limits of the function, set otherwise for this case.
struct CaseLimits {
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::uint64_t> memory;
  std::optional<std::uint64_t> input;
  std::optional<std::uint64_t> output;
  std::optional<std::uint64_t> log;
  bool operator==(const CaseLimits&) const = default;
  auto operator<=>(const CaseLimits&) const = default;
};

struct Case {
  std::string name;
  event::Event event;            // of all but native cases
  std::optional<Native> native;  // goes to one platform, through every engine
  CaseLimits limits;
  std::vector<Upstream> upstreams = {};
  Expected expected;
  bool operator==(const Case&) const = default;
};

// What a case's event has where the file says nothing.
Case make_case(std::string name, std::optional<std::string> data, std::string content_type);

// Empty, JSON, unicode, text, binary, large: for users who have no cases yet.
std::vector<Case> generated_cases();

// Where data beside the file are read from; tests give their own.
using ReadBeside = std::function<Result<std::string>(const std::string& name)>;

// One file of cases. `path` is for messages. kInvalid names the file, the line and the key.
Result<std::vector<Case>> parse_cases(std::string_view toml, std::string_view path,
                                      const ReadBeside& read_beside);

// A case file, a .json file (one event, or the data of one), a file of capsules, or a folder of
// such. `notes`: what its reader should hear.
Result<std::vector<Case>> load_cases(const std::string& path, std::vector<std::string>& notes);

// The same as TOML again. What is large or no text is named in `files`, to be written beside.
std::string cases_to_toml(const std::vector<Case>& cases,
                          std::map<std::string, std::string>& files);

// A recorded event, whose outcome is expected: its status, and of a failure the message, which has
// the exit code. The reply as well, where nothing that it was made from is left out of the capsule
// or is different each time (the clock, randomness).
Case case_of(const capsule::Capsule& capsule, std::string name);

// The expectations that hold `seen`, all of it.
Expected expected_of(const platforms::Observed& seen);

// The first thing that is not as expected; nothing when all is.
std::optional<platforms::Difference> first_unexpected(const Expected& expected,
                                                      const platforms::Observed& seen);

}  // namespace ferry::verify
