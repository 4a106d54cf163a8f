#include "base/scratch.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace ferry {

Result<ScratchFolder> ScratchFolder::make(const std::string& purpose) {
  std::error_code failed;
  const std::filesystem::path under = std::filesystem::temp_directory_path(failed);
  if (failed) return errno_error("find the folder for temporary files (TMPDIR)", failed.value());
  std::string path = (under / ("ferry-" + purpose + "-XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {
    return errno_error("make a folder in " + under.string(), errno);
  }
  return ScratchFolder(std::move(path));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace ferry
