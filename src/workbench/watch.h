// The source files of a project, watched with inotify: what is built is not a source. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ferry::workbench {

// Whether a file or a folder of this name is never a source: hidden ones, editors' spare copies,
// WebAssembly and what linkers call it before it is whole (f.wasm.tmp1a2b), and where tools put
// what they build or fetch.
bool is_no_source(std::string_view name);
// Whether it is a source that tools write as well, while they build: what they settled on.
bool is_lock_file(std::string_view name);

class Watch {
 public:
  static constexpr std::size_t kMostFolders = 4096;

  // `path` is a folder, watched with all below it, or one file, which counts whatever its name is.
  // kLimit for a tree that is too large.
  static Result<Watch> make(const std::string& path);

  int fd() const { return inotify_.get(); }
  // The sources that changed since the last call, by path; empty for anything else that happened.
  // Does not wait.
  std::vector<std::string> changed();

 private:
  Watch() = default;
  Status add_tree(const std::string& folder);
  Status add(const std::string& folder);

  Fd inotify_;
  std::string only_;  // the one file's name; empty: a tree
  std::map<int, std::string> folders_;
};

}  // namespace ferry::workbench
