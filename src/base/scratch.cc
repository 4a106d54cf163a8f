#include "base/scratch.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
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

// The folder of this user's scratch folders, and of nothing else: what is in it may be removed.
// Nothing where somebody else's folder has its name: then nothing is cleaned.
std::optional<fs::path> make_home(const fs::path& under) {
  const fs::path home = under / fmt::format("ferry-scratch-{}", ::geteuid());
  struct stat status {};
  if ((::mkdir(home.c_str(), 0700) != 0 && errno != EEXIST) ||
      ::lstat(home.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::geteuid() || (status.st_mode & 0077) != 0) {
    return std::nullopt;
  }
  return home;
}

// Not young, and nobody holds its lock: its owner was killed.
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

void remove_left_over(const fs::path& home) {
  std::error_code failed;
  for (fs::directory_iterator at(home, failed), end; !failed && at != end; at.increment(failed)) {
    std::error_code ignored;
    if (is_left_over(at->path().string())) {
      fs::remove_all(at->path(), ignored);
    }
  }
}

}  // namespace

Result<ScratchFolder> ScratchFolder::make(const std::string& purpose) {
  std::error_code failed;
  const fs::path under = fs::temp_directory_path(failed);
  if (failed) return errno_error("find the folder for temporary files (TMPDIR)", failed.value());
  const auto home = make_home(under);
  if (home) {
    remove_left_over(*home);
  }
  std::string path = (home.value_or(under) / ("ferry-" + purpose + "-XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {
    return errno_error("make a folder in " + home.value_or(under).string(), errno);
  }
  Fd lock = open_folder(path);
  if (lock.valid()) {
    static_cast<void>(::flock(lock.get(), LOCK_SH));  // without locks it may look abandoned
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
