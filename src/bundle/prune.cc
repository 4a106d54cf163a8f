#include "bundle/prune.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "function/manifest.h"

namespace ferry::bundle {
namespace {

namespace fs = std::filesystem;
using std::chrono::system_clock;

constexpr std::uint64_t kBytes = 2ull << 30;
constexpr int kDays = 60;
constexpr std::chrono::hours kNoteEvery{1};
constexpr std::chrono::hours kTemporary{1};  // no writer takes that long
constexpr std::uint64_t kDiskBlock = 512;    // of st_blocks, always

// Written before files without a name were (base/file.h), or where there are none.
bool is_temporary(std::string_view name) { return name.find(".tmp-") != std::string_view::npos; }

}  // namespace

Result<std::vector<KeptFile>> kept_files(const std::string& folder) {
  std::vector<KeptFile> out;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    struct stat status {};
    const std::string path = at->path().string();
    if ((name.ends_with(".ferry") || is_temporary(name)) && ::lstat(path.c_str(), &status) == 0 &&
        S_ISREG(status.st_mode)) {
      out.push_back({path, static_cast<std::uint64_t>(status.st_blocks) * kDiskBlock,
                     system_clock::from_time_t(status.st_mtime)});
    }
  }
  if (failed) {
    return errno_error("read the folder " + folder, failed.value());
  }
  std::ranges::sort(out, std::greater{}, &KeptFile::used);
  return out;
}

Bounds default_bounds() {
  Bounds bounds{kBytes, std::chrono::hours(24 * kDays)};
  if (const char* size = std::getenv("FERRY_CACHE_SIZE")) {
    bounds.bytes = function::parse_size(size).ok() ? *function::parse_size(size) : bounds.bytes;
  }
  if (const char* days = std::getenv("FERRY_CACHE_DAYS")) {
    const std::string_view text(days);
    int count = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (read.ec == std::errc() && read.ptr == text.data() + text.size() && count >= 0) {
      bounds.age = std::chrono::hours(24) * count;
    }
  }
  return bounds;
}

Result<Pruned> prune(const std::string& folder, const Bounds& bounds, const std::string& keep) {
  FERRY_TRY(const auto files, kept_files(folder));
  const auto now = system_clock::now();
  Pruned out;
  std::uint64_t total = 0;
  for (const KeptFile& file : files) {
    const bool temporary = is_temporary(fs::path(file.path).filename().string());
    const auto age = now - file.used;
    const bool stays =
        file.path == keep ||
        (temporary ? age <= kTemporary : age <= bounds.age && total + file.bytes <= bounds.bytes);
    if (stays) {
      total += file.bytes;
    } else if (::unlink(file.path.c_str()) == 0) {
      ++out.files;
      out.bytes += file.bytes;
    } else if (errno != ENOENT) {
      return errno_error("remove " + file.path, errno);
    }
  }
  return out;
}

void mark_used(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 &&
      system_clock::from_time_t(status.st_mtime) + kNoteEvery < system_clock::now()) {
    static_cast<void>(::utimensat(AT_FDCWD, path.c_str(), nullptr, 0));  // else it ages sooner
  }
}

}  // namespace ferry::bundle
