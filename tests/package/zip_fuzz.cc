// Any bytes as a zip archive: an error or entries within the limits, whose names lead nowhere.
#include <cstdint>
#include <cstdlib>

#include "package/tar.h"
#include "package/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ferry::package::ZipLimits limits{8, 1u << 16};
  const auto entries = ferry::package::read_zip({data, size}, limits);
  if (!entries.ok()) {
    return 0;
  }
  std::uint64_t total = 0;
  for (const auto& entry : *entries) {
    total += entry.bytes.size();
    if (!ferry::package::is_safe_name(entry.name)) {
      std::abort();
    }
  }
  if (entries->size() > limits.entries || total > limits.bytes) {
    std::abort();
  }
  return 0;
}
