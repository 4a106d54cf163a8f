// ferry-package.json: what `ferry pack` leaves beside what it made, so that `ferry deploy` knows
// what kind of package a folder holds. Format 1:
//   {"format":1,"platform":"openwhisk","function":"hello","digest":"sha256:…","ferry":"0.1.0",
//    "settings":{"NAME":"text",…}}
// `settings` is what one platform's pack tells the same platform's deploy, and no other reads.
#pragma once

#include <string>
#include <string_view>

#include "deploy/transport.h"

namespace ferry::deploy {

inline constexpr char kMarkName[] = "ferry-package.json";

struct Mark {
  std::string platform;
  std::string function;  // its name
  std::string digest;    // of the wasm file
  std::string ferry;     // the version that packed it
  Fields settings;

  // Empty when there is none of that name.
  std::string_view setting(std::string_view name) const;
};

std::string to_json(const Mark& mark);
// kInvalid: no mark. kUnsupported: a format we do not know.
Result<Mark> parse_mark(std::string_view text);

// From FOLDER/ferry-package.json; kNotFound, with what to do, where there is none.
Result<Mark> read_mark(const std::string& folder);

}  // namespace ferry::deploy
