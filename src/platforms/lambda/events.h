// Native Lambda input → what to do: events for the function, or an HTTP request that is one.
// Pure apart from what it is handed. Never fails on a field that is missing or of another type;
// what it can't use it leaves out. Fuzzed by tests/lambda/events_fuzz.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "platforms/lambda/http_events.h"
#include "platforms/lambda/table.h"
#include "platforms/lambda/template.h"

namespace ferry::platforms::lambda {

// One event of the input, or why it can't be one (its data is not the base64 it must be).
struct Item {
  Result<event::Event> event;
  std::string name = {};  // what names it to Lambda in a batch's answer; empty: nothing does
};

struct Input {
  const Row* row = nullptr;
  std::vector<Item> items = {};  // all rows but HTTP's; may be empty
  HttpInput http = {};           // HTTP's
  bool one_by_one = false;       // the order counts
  bool multi_value = false;      // kHttpAlb: headers came as lists, and go back as lists
};

struct InputLimits {
  std::uint64_t unpacked = 6ull << 20;  // bytes of what is unpacked (CloudWatch Logs)
};

// `rows` outlive the input; the last fits all (rows.h). kInvalid: the text is not JSON, or HTTP
// whose body is not the base64 it says.
Result<Input> read_input(std::string_view json, const Invocation& invocation,
                         const InputLimits& limits, std::span<const Row> rows = table());

}  // namespace ferry::platforms::lambda
