// One table of a ferry.toml, key by key: each kind of value is read with its bounds, and what is
// wrong is said with its line. Private to the manifest: it brings toml++ with it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

// Header-only and without exceptions: one archive less to link, and errors stay values.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/result.h"

namespace ferry::function {

// Where messages point: "orders.toml:7: ".
struct TomlPlace {
  std::string_view path;
  std::string_view table;  // "limits", or "" for the whole file
};

// What to do with the value of one key.
struct TomlField {
  std::string_view key;
  std::function<Status(const toml::node&)> read;
};

// Calls the field of every key in `table`; a key without one is the error that names the key, its
// line and the nearest known key. Errors of fields get path, line and key in front.
Status read_toml_table(const toml::table& table, const TomlPlace& place,
                       std::span<const TomlField> fields);

// Readers of values; the message says what was wanted and what stands there.
Result<std::string> toml_string(const toml::node& node);
Result<std::int64_t> toml_integer(const toml::node& node, std::int64_t least, std::int64_t most);
// A whole number of bytes, or a string with a unit.
Result<std::uint64_t> toml_size(const toml::node& node, std::uint64_t least, std::uint64_t most);

}  // namespace ferry::function
