// Any bytes as a compiled artifact with symbols.
#include <cstdlib>

#include "profile/symbols.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto symbols = ferry::profile::Symbols::read({data, size});
  if (!symbols.ok()) return 0;
  if (symbols->begin() > symbols->end() || symbols->end() > size) std::abort();
  for (std::uint64_t at = symbols->begin(); at < symbols->end(); at += 16) {
    static_cast<void>(symbols->function_at(at));
  }
  return 0;
}
