// A folder that goes, with all in it, when its owner does:
// TMPDIR/ferry-scratch-UID/ferry-PURPOSE-XXXXXX. What a killed owner left is removed by whoever
// makes the next one, and nothing outside TMPDIR/ferry-scratch-UID ever is.
#pragma once

#include <string>
#include <utility>

#include <sys/types.h>

#include "base/file.h"
#include "base/result.h"

namespace ferry {

// Removed by the process that made it; a fork's copy removes nothing.
class ScratchFolder {
 public:
  // `purpose` is part of its name. 0700.
  static Result<ScratchFolder> make(const std::string& purpose);
  ScratchFolder(ScratchFolder&& other) noexcept
      : path_(std::exchange(other.path_, "")),
        lock_(std::move(other.lock_)),
        owner_(other.owner_) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }

 private:
  ScratchFolder(std::string path, Fd lock);
  std::string path_;
  Fd lock_;  // of the folder itself (flock): its holder lives
  pid_t owner_;
};

}  // namespace ferry
