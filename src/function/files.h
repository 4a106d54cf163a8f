// The files that travel with a function: what [function] files of a manifest names, read from disk
// into the tree that its guests see (wasi/file_tree.h).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wasi/file_tree.h"

namespace ferry::function {

// "templates::/templates": a file, or a folder with all that is below it.
struct FileGrant {
  std::string host;
  std::string guest;  // an absolute path; of a folder it may be "/"
};

// "HOST::GUEST"
Result<FileGrant> parse_file_grant(std::string_view text);

// All of them as one tree; null for none. The same files give the same tree, whatever their owner,
// mode and times. Symbolic links are followed within the folder that is named and nowhere else;
// what is neither a file nor a folder is an error, and so is a path that two of them name.
Result<std::shared_ptr<const wasi::FileTree>> read_files(std::span<const FileGrant> grants);

}  // namespace ferry::function
