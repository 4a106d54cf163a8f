// Any bytes: ferry.toml, and the units that the command line shares with it.
#include <cstdlib>

#include "function/files.h"
#include "function/manifest.h"
#include "function/redaction.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto manifest = ferry::function::parse_manifest(text, "f.toml");
  if (manifest.ok()) {
    if (manifest->limits.memory == 0) std::abort();
    // As a bundle keeps it: that must read back as the same.
    const std::string written = ferry::function::manifest_to_toml(*manifest);
    const auto again = ferry::function::parse_manifest(written, "written");
    if (!again.ok() || ferry::function::manifest_to_toml(*again) != written) std::abort();
  }
  static_cast<void>(ferry::function::parse_duration(text));
  static_cast<void>(ferry::function::parse_size(text));
  auto grant = ferry::function::parse_dir_grant(text);
  if (grant.ok() && (grant->host.empty() || !grant->guest.starts_with('/'))) {
    std::abort();
  }
  static_cast<void>(ferry::function::parse_file_grant(text).ok());
  if (auto rule = ferry::function::parse_redaction(text);
      rule.ok() && !(ferry::function::parse_redaction(rule->text).ok())) {
    std::abort();
  }
  return 0;
}
