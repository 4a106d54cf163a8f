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

std::string stored_at(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return access((path.substr(0, slash + 1) + kStoreKey).c_str(), F_OK) == 0 ? path : "";
}

}  // namespace ferry::bundle
