// What OpenWhisk's invoker sends, read strictly: /init, /run, and the two in one of the
// single-entrypoint contract (openwhisk/docs/actions-new.md, single_entrypoint_proxy_contract.md).
// Views borrow the request's body. Pure functions; fuzzed by tests/openwhisk/message_fuzz.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ferry::platforms::openwhisk {

// A JSON object's members in their order: decoded names, exact text of the values.
using Members = std::vector<std::pair<std::string, std::string_view>>;
Result<Members> read_members(std::string_view object);
// The last of that name, as most JSON readers take it; null when there is none.
const std::string_view* find(const Members& members, std::string_view name);

using Environment = std::map<std::string, std::string>;

struct Init {
  std::string name;
  std::string main;  // "main" when not said
  std::string code;  // as sent; empty when absent or null
  Environment env;   // null is the empty string
};

struct Activation {
  std::string_view value;                   // JSON: an object or an array
  Environment env;                          // each other member as __OW_<UPPER CASE>
  std::string id;                           // activation_id, or empty
  std::string action_name;                  // "/ns/name", or empty
  std::optional<std::int64_t> deadline_ms;  // since the epoch
};

// The object under "value" in a body of /init.
Result<Init> read_init(std::string_view value);

// Code::kUsage when `value` is neither object nor array: that has an answer of its own.
Result<Activation> read_activation(std::string_view value, const Members& metadata);

}  // namespace ferry::platforms::openwhisk
