// A folder under TMPDIR that goes, with all in it, when its owner does.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace ferry {

class ScratchFolder {
 public:
  // `purpose` is part of its name: ferry-PURPOSE-XXXXXX. 0700.
  static Result<ScratchFolder> make(const std::string& purpose);
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace ferry
