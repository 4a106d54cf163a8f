// Just enough JSON for one event: finds a string member of the top-level object, and writes a
// string back. Reads any valid JSON text, refuses any other, and agrees with Go's encoding/json
// in what a string means, so that hello answers alike in each language.
#pragma once

#include <string>
#include <string_view>

namespace hello {

enum class JsonStatus {
  kOk,
  kInvalid,    // not JSON (RFC 8259)
  kNotObject,  // JSON, but no object
  kNotString,  // the member is there and is neither a string nor null
};

// Finds the member `key` (lower-case ASCII; the case of the text does not matter; the last one
// wins) of the object in `text`. Not there or null: `value` stays as it is.
JsonStatus find_string(std::string_view text, std::string_view key, std::string& value);

// A string's inside, escaped; the quotes are the caller's.
std::string escaped(std::string_view text);

}  // namespace hello
