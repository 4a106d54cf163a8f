// Any bytes as a ferry.toml with [lambda]: what is read can be written, and is then read the same.
#include <cstdlib>

#include "platforms/lambda/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ferry;
  constexpr const function::Section* kSections[] = {&platforms::lambda::kSection};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = function::parse_manifest(text, "f.toml", kSections);
  if (!first.ok()) {
    return 0;
  }
  const std::string written = platforms::lambda::settings_of(*first)->to_toml();
  const auto second = function::parse_manifest(written, "written", kSections);
  if (!second.ok() || platforms::lambda::settings_of(*second)->to_toml() != written) {
    std::abort();
  }
  return 0;
}
