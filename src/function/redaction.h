// What a capsule must not hold: rules of [record] redact in ferry.toml, applied before anything is
// written (capsule/redact.h). A small part of JSONPath (RFC 9535): names, indices, all of an object
// or list, and a name at any depth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ferry::function {

struct Redaction {
  struct Step {
    enum class Kind : std::uint8_t {
      kName,      // .NAME, ['NAME']
      kIndex,     // [N]
      kAll,       // .*, [*]
      kAnywhere,  // ..NAME: at this depth and at any below
    };
    Kind kind = Kind::kName;
    std::string name = {};
    std::uint32_t index = 0;
    bool operator==(const Step&) const = default;
  };
  std::string text;         // as it was written
  std::string header;       // "header:NAME": its name in lower case; else empty, and:
  std::vector<Step> steps;  // from the document's root; none: all of it
  bool operator==(const Redaction&) const = default;
};

// "$.card.number", "$.items[*].token", "$..password", "header:authorization"
Result<Redaction> parse_redaction(std::string_view text);

}  // namespace ferry::function
