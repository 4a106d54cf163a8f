#include "bundle/bundle_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include "bundle/bundle_format.h"

namespace ferry::bundle {

bool is_bundle(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const off_t end = fd.valid() ? lseek(fd.get(), 0, SEEK_END) : -1;
  constexpr auto kSize = static_cast<off_t>(sizeof(BundleFooter));
  Bytes footer(sizeof(BundleFooter));
  return end >= kSize && pread(fd.get(), footer.data(), footer.size(), end - kSize) == kSize &&
         has_mark(footer);
}

}  // namespace ferry::bundle
