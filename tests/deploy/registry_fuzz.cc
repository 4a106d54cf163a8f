// Any bytes as a challenge, as docker's configuration, as an image's name.
#include "deploy/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ferry::deploy::parse_challenge(text);
  (void)ferry::deploy::find_login(text, "r.example");
  const auto name = ferry::deploy::parse_image_name(text);
  if (name.ok() && (name->name.empty() || name->tag.empty() || name->registry.empty())) {
    __builtin_trap();
  }
  return 0;
}
