// What a platform allows, as data: one table in each platform's folder, read by `ferry check
// --for`. Figures are those of the platform's own documents, named in `source`; where operators
// choose them, the default. 0: no limit that we know of.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "function/explain.h"

namespace ferry::platforms {

struct Rules {
  std::string_view source = {};
  std::uint64_t code = 0;  // bytes of a package, unpacked
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::uint64_t memory = 0;  // the most that a function can be given
  std::chrono::seconds timeout{0};
  // Why folders can't be granted there; empty: they can.
  std::string_view no_folders = {};
  // Under which a granted folder is there at all; empty: wherever one is mounted.
  std::vector<std::string_view> folders = {};
  // How a reply with status and headers (reply = "cgi") reaches callers, where not all get it.
  std::string_view cgi = {};
  // The same of a reply that is an event (reply = "cloudevent").
  std::string_view cloudevent = {};
  // What its own network lets through, for functions that connect; empty: the machine's own does.
  std::string_view network = {};
};

// What of this platform stands against the function (kStops), and what its author should know
// (kNote); beside what function::explain says of all platforms. Pure.
std::vector<function::Finding> explain_for(const function::Function& function, const Rules& rules);

}  // namespace ferry::platforms
