// Tables of a ferry.toml that belong to one platform, such as [lambda]. The manifest carries what
// they say and does not know it: the platform's descriptor names its table and reads it, and the
// platform's own code looks at it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ferry::function {

struct TomlSection;  // toml_reader.h

// What a platform's table says. Immutable.
class SectionSettings {
 public:
  virtual ~SectionSettings() = default;
  // As TOML, to be read again. The same settings give the same bytes.
  virtual std::string to_toml() const = 0;
};

// One platform's table. Static.
struct Section {
  std::string_view name;
  // Reads by read_toml_table(), so that messages have path and line.
  Result<std::shared_ptr<const SectionSettings>> (*read)(const TomlSection& section);
};

// Those that a reader of manifests knows; every other name is an unknown key.
using Sections = std::span<const Section* const>;

}  // namespace ferry::function
