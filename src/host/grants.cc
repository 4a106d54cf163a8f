#include "host/grants.h"

#include <cerrno>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>

namespace ferry::host {
namespace {

namespace fs = std::filesystem;

// By device and inode: a folder has several names where symlinks and bind mounts lead to it.
bool lies_below(const fs::path& file, const struct stat& folder) {
  for (fs::path at = file.parent_path(); !at.empty(); at = at.parent_path()) {
    struct stat status {};
    if (stat(at.c_str(), &status) == 0 && status.st_dev == folder.st_dev &&
        status.st_ino == folder.st_ino) {
      return true;
    }
    if (at == at.root_path()) break;
  }
  return false;
}

ferry::Status check(const struct stat& folder, const std::string& host_path,
                    std::span<const std::string> files) {
  for (const std::string& file : files) {
    std::error_code unknown;
    const fs::path real = fs::canonical(file, unknown);
    if (unknown) continue;
    // Where it is, and where the name that leads there is.
    if (lies_below(real, folder) || lies_below(fs::absolute(file, unknown), folder)) {
      return Error{Code::kDenied,
                   fmt::format("cannot grant {}: {} lies in it, which decides what native code "
                               "ferry runs",
                               host_path, real.string()),
                   "grant a folder without it"};
    }
  }
  return Done{};
}

}  // namespace

ferry::Status check_holds_none(const wasi::Directory& directory, const std::string& host_path,
                               std::span<const std::string> files) {
  struct stat folder {};
  if (fstat(directory.fd(), &folder) != 0) return errno_error("stat " + host_path, errno);
  return check(folder, host_path, files);
}

ferry::Status check_holds_none(const std::string& host_path, std::span<const std::string> files) {
  struct stat folder {};
  if (stat(host_path.c_str(), &folder) != 0) return Done{};
  return check(folder, host_path, files);
}

}  // namespace ferry::host
