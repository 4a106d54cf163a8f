// What is publicly known to be wrong with an engine and will not be mended, for whoever chooses it.
// Checked against the RustSec database by tools/advisories.py; docs/engines.md says what each
// means.
#pragma once

#include <string_view>

namespace ferry::engine {

// One sentence, or empty. `engine` as in Info::name.
std::string_view advisory_of(std::string_view engine);

}  // namespace ferry::engine
