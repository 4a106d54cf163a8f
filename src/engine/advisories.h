// Publicly known faults of an engine that will not be fixed, shown to those who choose it.
// Checked against the RustSec database by tools/advisories.py; docs/engines.md says what each
// means.
#pragma once

#include <string_view>

namespace ferry::engine {

// One sentence, or empty. `engine` as in Info::name.
std::string_view advisory_of(std::string_view engine);

}  // namespace ferry::engine
