// A comparison for people: a table in the terminal, and one HTML page that needs nothing else.
#pragma once

#include <string>

#include "compare/report.h"

namespace ferry::compare {

// Text for a terminal; ends with a line about how quiet the machine was.
std::string to_table(const Report& report);

// One page with its plots inside: no script, nothing from the network.
std::string to_page(const Report& report);

}  // namespace ferry::compare
