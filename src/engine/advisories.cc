#include "engine/advisories.h"

#include <array>

namespace ferry::engine {
namespace {

struct Advisory {
  std::string_view engine;
  std::string_view text;
};

constexpr std::array kAdvisories{
    Advisory{"lucet",
             "archived in 2022, with 20 advisories against its crates that will not be fixed; two "
             "let a guest reach memory that is not its own (RUSTSEC-2021-0067, RUSTSEC-2021-0155): "
             "run no function on it that you do not trust"},
};

}  // namespace

std::string_view advisory_of(std::string_view engine) {
  for (const Advisory& each : kAdvisories) {
    if (each.engine == engine) return each.text;
  }
  return {};
}

}  // namespace ferry::engine
