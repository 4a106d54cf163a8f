// Any bytes as a file of ~/.aws: what is found lies within one line.
#include <cstdint>
#include <cstdlib>

#include "platforms/lambda/deploy/aws_access.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* section : {"default", "profile a", ""}) {
    auto found = ferry::deploy::ini_value(text, section, "region");
    if (found && found->find('\n') != std::string::npos) {
      std::abort();
    }
  }
  return 0;
}
