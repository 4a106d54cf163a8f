#include "base/scratch.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry {
namespace {

namespace fs = std::filesystem;

// Between making a folder and locking it a process has no lock.
constexpr std::chrono::seconds kYoung{60};

Fd open_folder(const std::string& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Ours, not young, and nobody holds its lock: its owner was killed.
bool is_left_over(const std::string& path) {
  const Fd folder = open_folder(path);
  struct stat status {};
  if (!folder.valid() || ::fstat(folder.get(), &status) != 0 || status.st_uid != ::geteuid()) {
    return false;
  }
  const auto changed = std::chrono::system_clock::from_time_t(status.st_mtime);
  return changed + kYoung < std::chrono::system_clock::now() &&
         ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0;
}

void remove_left_over(const fs::path& under) {
  std::error_code failed;
  for (fs::directory_iterator at(under, failed), end; !failed && at != end; at.increment(failed)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with("ferry-") && is_left_over(at->path().string())) {
      fs::remove_all(at->path(), ignored);
    }
  }
}

}  // namespace

Result<ScratchFolder> ScratchFolder::make(const std::string& purpose) {
  std::error_code failed;
  const fs::path under = fs::temp_directory_path(failed);
  if (failed) return errno_error("find the folder for temporary files (TMPDIR)", failed.value());
  remove_left_over(under);
  std::string path = (under / ("ferry-" + purpose + "-XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {
    return errno_error("make a folder in " + under.string(), errno);
  }
  Fd lock = open_folder(path);
  if (lock.valid()) {
    static_cast<void>(::flock(lock.get(), LOCK_SH));  // without locks it may be taken for left over
  }
  return ScratchFolder(std::move(path), std::move(lock));
}

ScratchFolder::ScratchFolder(std::string path, Fd lock)
    : path_(std::move(path)), lock_(std::move(lock)), owner_(::getpid()) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty() && owner_ == ::getpid()) fs::remove_all(path_, ignored);
}

}  // namespace ferry
