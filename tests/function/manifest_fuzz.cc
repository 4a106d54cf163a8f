// Any bytes: ferry.toml, and the units that the command line shares with it.
#include <cstdlib>

#include "function/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto manifest = ferry::function::parse_manifest(text, "f.toml");
  if (manifest.ok() && manifest->limits.memory == 0) {
    std::abort();
  }
  static_cast<void>(ferry::function::parse_duration(text));
  static_cast<void>(ferry::function::parse_size(text));
  auto grant = ferry::function::parse_dir_grant(text);
  if (grant.ok() && (grant->host.empty() || !grant->guest.starts_with('/'))) {
    std::abort();
  }
  return 0;
}
