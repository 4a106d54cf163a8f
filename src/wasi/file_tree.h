// Files that travel with a function: a read-only tree in memory, which the guest finds below "/"
// the same on every engine and platform. The archive that it is kept as is described in
// docs/formats/bundle.md.
//
// Constant once made; shared by all threads.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ferry::wasi {

class FileTree {
 public:
  static constexpr std::size_t kMostFiles = 65'536;
  static constexpr std::uint64_t kMostBytes = 256ull << 20;  // of the archive

  struct File {
    std::string path;  // "templates/a.html": parts as check_guest_path() takes them
    std::string data;
  };

  // kInvalid: a path is malformed, is there twice, or is a file and a folder; kLimit.
  static Result<std::shared_ptr<const FileTree>> make(std::vector<File> files);
  // The same from what archive() gave. Trusts nothing of it.
  static Result<std::shared_ptr<const FileTree>> read(std::string archive);

  struct Node {
    std::string_view name;  // the root's is empty
    std::uint32_t parent = 0;
    bool folder = false;
    std::string_view data;
    std::vector<std::uint32_t> children;  // by name
  };
  static constexpr std::uint32_t kRoot = 0;

  const Node& node(std::uint32_t number) const { return nodes_[number]; }
  std::optional<std::uint32_t> find(std::uint32_t folder, std::string_view name) const;
  // Whether something is there. `path` as in File, or empty for the root.
  bool has(std::string_view path) const;

  std::string_view archive() const { return archive_; }
  const std::string& digest() const;  // "sha256:…" of the archive; made when it is first asked for
  std::size_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }  // of all files

  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

 private:
  explicit FileTree(std::string archive) : archive_(std::move(archive)), nodes_(1) {
    nodes_[kRoot].folder = true;
  }
  Status parse();
  Status add(std::string_view path, std::string_view data);
  Status check_names();

  std::string archive_;
  std::vector<Node> nodes_;  // of the archive, which they point into
  std::size_t files_ = 0;
  std::uint64_t bytes_ = 0;
  mutable std::once_flag hashed_;
  mutable std::string digest_;
};

// What the guest sees as a path below "/": parts between single slashes, none empty, "." or "..",
// each of 255 bytes at most, all UTF-8 without NUL, 4096 bytes in all.
Status check_guest_path(std::string_view path);

}  // namespace ferry::wasi
